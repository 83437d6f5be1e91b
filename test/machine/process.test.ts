import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openFilesMax } from "../../src/machine/process.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const directory = useTemporaryDirectory();

test.each([
  ["Max processes             1024  2048  processes\nMax open files            256      1048576    files\n", 256],
  ["Max open files            unlimited            unlimited            files\n", Infinity],
  ["nothing of the kind\n", Infinity],
])("the soft limit of open files is read from %j", (text, limit) => {
  const path = directory.newPath();
  writeFileSync(path, text);
  expect(openFilesMax(path)).toBe(limit);
});

test("without a file that states it, there is no limit of open files", () => {
  expect(openFilesMax(directory.newPath())).toBe(Infinity);
});

test.runIf(process.platform === "linux")("this system tells how many files may be open", () => {
  expect(openFilesMax()).toBeGreaterThan(10);
});
