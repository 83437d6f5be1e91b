import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { requireWritableFile } from "../../src/output/destination.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

it("a page may have its own name, and may not be a link to another file of a job", () => {
  const directory = temporary.newDirectory();
  const page = join(directory, "mr-report.html");
  expect(() => requireWritableFile(page, "the page", [], "mr-report.html")).not.toThrow();
  expect(() => requireWritableFile(page, "the trace", [])).toThrow("it has the name of a job's file");
  writeFileSync(join(directory, "mr-out-0"), "a 1\n");
  symlinkSync("mr-out-0", page);
  expect(() => requireWritableFile(page, "the page", [], "mr-report.html")).toThrow("it has the name of a job's file");
});
