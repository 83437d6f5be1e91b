import { describe, expect, it } from "vitest";
import { duration, nameValue, pathNotDash, percentage, wholeNumber } from "../../src/local/option-parsers.js";

describe("wholeNumber", () => {
  const parse = wholeNumber(1, 100);
  it.each([
    ["1", 1],
    ["100", 100],
    ["007", 7],
  ])("takes %j as %d", (text, n) => expect(parse(text)).toBe(n));
  it.each(["0", "101", "-1", "x", "", "1.5", "1e1", "0x10", " 1", "∞", "99999999999999999999"])(
    "refuses %j",
    (text) => {
      expect(() => parse(text)).toThrow("It must be a whole number from 1 to 100.");
    },
  );
});

describe("duration", () => {
  it.each([
    ["10s", 10_000],
    ["500ms", 500],
    ["2m", 120_000],
    ["1.5s", 1500],
    ["250", 250],
    ["1d", 86_400_000],
  ])("takes %j as %d ms", (text, milliseconds) => expect(duration(text)).toBe(milliseconds));
  it.each(["", "x", "0", "-1s", "10 parsecs", "2d", "0.1ms", "1".repeat(200)])("refuses %j", (text) => {
    expect(() => duration(text)).toThrow("It must be a duration");
  });
});

describe("percentage", () => {
  it.each([
    ["1%", 1],
    ["0.5%", 0.5],
    ["99.9%", 99.9],
    ["100%", 100],
  ])("takes %j as %s", (text, percent) => expect(percentage(text)).toBe(percent));
  it.each(["", "1", "%", "0%", "0.0%", "100.1%", "-1%", "1e1%", ".5%", "1 %", "x%"])("refuses %j", (text) => {
    expect(() => percentage(text)).toThrow("It must be a percentage");
  });
});

describe("nameValue", () => {
  it("collects values by name; the last value of a name wins, and a value may contain anything", () => {
    const first = nameValue("pattern=a=b c", undefined);
    expect(nameValue("x-1.y_z=", first)).toEqual({ pattern: "a=b c", "x-1.y_z": "" });
    expect(nameValue("pattern=2", first)).toEqual({ pattern: "2" });
  });
  it.each(["", "name", "=value", "1=2", "__proto__=1", "constructor=1", "prototype=1", "a b=1"])(
    "refuses %j",
    (text) => {
      expect(() => nameValue(text, undefined)).toThrow("It must be name=value");
    },
  );
});

describe("a path where - is not standard output", () => {
  it("is accepted unchanged", () => expect(pathNotDash("name one")("./-")).toBe("./-"));
  it("is refused as -, with advice", () => {
    expect(() => pathNotDash("name one")("-")).toThrow("It cannot be standard output: name one");
  });
});
