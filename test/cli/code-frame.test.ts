import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { codeFrame } from "../../src/cli/code-frame.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const source = "one\n\ttwo(three);\r\nfour\nfive";

function written(text = source): string {
  const path = temporary.newPath();
  writeFileSync(path, text);
  return path;
}

describe("the source at a stack frame", () => {
  it.each([
    ["in a function", (path: string) => `    at map (${pathToFileURL(path).href}:2:6)\n    at other (/x.js:1:1)`],
    ["at the top of a module", (path: string) => `    at ${pathToFileURL(path).href}:2:6`],
    ["in a file that was loaded once more", (path: string) => `    at async map (${pathToFileURL(path).href}?v=1:2:6)`],
    ["named by its path", (path: string) => `    at Object.map (${path}:2:6)`],
  ])("has the line before and after it, and a mark below the column: %s", (_, frameOf) => {
    expect(codeFrame(frameOf(written()))).toBe("  1 | one\n> 2 | \ttwo(three);\n    | \t    ^\n  3 | four");
  });

  it("ends with the file", () => {
    expect(codeFrame(`    at map (${written()}:4:1)`)).toBe("  3 | four\n> 4 | five\n    | ^");
  });

  it.each([
    ["of Node.js", () => "    at node:internal/fs:1:1"],
    ["of a package", () => "    at map (/x/node_modules/y/index.js:1:1)"],
    ["of a file that is gone", () => "    at map (/nowhere/app.js:1:1)"],
    ["behind the end of its file", () => `    at map (${written()}:9:1)`],
    ["of a minified line", () => `    at map (${written("x".repeat(10_000))}:1:5)`],
    ["that is none", () => ""],
  ])("is left out for a frame %s", (_, frames) => {
    expect(codeFrame(frames())).toBeUndefined();
  });
});
