import { describe, expect, it } from "vitest";
import { isNeed, missingText } from "../../src/model/required-options.js";

const none = { args: {}, files: [] };

describe("what an app needs", () => {
  it.each(["--arg pattern=REGEX", "--arg on=", "--file centroids.txt"])("may be %j", (text) => {
    expect(isNeed(text)).toBe(true);
  });

  it.each([
    ...["", "pattern", "--arg pattern", "--arg =REGEX", "--arg a b=c", "--arg a=b c", "--file", "--file a#b"],
    ...[
      "--file a\nb",
      "--file a/b",
      "--reducers 4",
      "--arg größe=X",
      "--arg constructor=X",
      "--arg 1st=X",
      `--arg ${"x".repeat(200)}=`,
    ],
  ])("may not be %j", (text) => {
    expect(isNeed(text)).toBe(false);
  });

  it("is missing when no --arg or --file of that name is given, and is shown as the user types it", () => {
    const needs = ["--arg on=COLUMN", "--arg left=NAME", "--file stop.txt"];
    expect(missingText("a.js", needs, none)).toBe(
      "app a.js needs --arg on=COLUMN and --arg left=NAME and --file stop.txt (or --file FILE#stop.txt)",
    );
    const files = [{ name: "stop.txt" }];
    expect(missingText("a.js", needs, { args: { on: "id", stop: "x" }, files })).toBe("app a.js needs --arg left=NAME");
    expect(missingText("a.js", needs, { args: { on: "", left: "a" }, files })).toBeUndefined();
    expect(missingText("a.js", ["--arg toString=X"], none)).toBe("app a.js needs --arg toString=X");
    expect(missingText("a.js", undefined, none)).toBeUndefined();
  });
});
