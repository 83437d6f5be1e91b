import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AppError } from "../../src/app/app-error.js";
import { resolveApp } from "../../src/app/resolve.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

test.each([
  ["below a file", "in.txt/x.js", /cannot find app .*in\.txt\/x\.js: no such file$/],
  ["with a name that no file has", "x".repeat(300), /cannot find app .*x: no such file/],
  ["that is a link to itself", "loop.js", /cannot use .*loop\.js as an app: ELOOP/],
])("an app %s is refused as its author's mistake", (_where, name, message) => {
  const directory = temporary.newDirectory();
  writeFileSync(join(directory, "in.txt"), "");
  symlinkSync("loop.js", join(directory, "loop.js"));
  expect(() => resolveApp(join(directory, name))).toThrow(AppError);
  expect(() => resolveApp(join(directory, name))).toThrow(message);
});

test.each([
  ["wc.so", "wc"],
  ["wcc", "wc"],
  ["invertedindex", "inverted-index"],
])("for %s, which is none, %s is proposed", (typed, meant) => {
  expect(() => resolveApp(typed)).toThrow(`; did you mean ${meant}?`);
});

test("a bare name without a file or a bundled app", () => {
  expect(() => resolveApp("x".repeat(300))).toThrow(/no such file, and no bundled app of that name/);
});
