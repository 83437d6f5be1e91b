import { describe, expect, it } from "vitest";
import { jsonText, shownKey } from "../../src/app/given.js";

describe("jsonText", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const hostile = {
    toJSON() {
      throw new Error("no thanks");
    },
  };
  it.each<[unknown, string]>([
    [undefined, "is undefined"],
    [() => 1, "is a function"],
    [Symbol("s"), "is a symbol"],
    [1n, "BigInt"],
    [NaN, "is NaN"],
    [-Infinity, "is -Infinity"],
    [Object(NaN), "would become null"],
    [new Date(NaN), "would become null"],
    [{ toJSON: () => undefined }, "becomes undefined"],
    [Promise.resolve(1), "is a promise"],
    [cycle, "circular"],
    [hostile, "no thanks"],
  ])("refuses %s, saying who gave it, for which key, and that it %s", (value, why) => {
    expect(() => jsonText("emit", "the", value)).toThrow(TypeError);
    expect(() => jsonText("emit", "the", value)).toThrow(/^emit: JSON cannot hold the value of key "the": [^\n]+$/);
    expect(() => jsonText("emit", "the", value)).toThrow(why);
  });

  it("gives the JSON of everything else", () => {
    expect(jsonText("emit", "k", null)).toBe("null");
    expect(jsonText("emit", "k", "null")).toBe('"null"');
    expect(jsonText("emit", "k", -0)).toBe("0");
    expect(jsonText("emit", "k", new Date(0))).toBe('"1970-01-01T00:00:00.000Z"');
  });
});

describe("shownKey", () => {
  it("fits every key on one line of a message", () => {
    expect(shownKey("a\nb")).toBe('"a\\nb"');
    expect(shownKey("x".repeat(1000))).toBe(`"${"x".repeat(60)}"… (1000 characters)`);
  });
});
