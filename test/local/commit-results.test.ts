import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commitResults, type Result } from "../../src/local/commit-results.js";
import { StagedFile } from "../../src/output/staged-file.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

/** A directory with the output of an earlier job, and three results that are to take its place. */
function begin(): { directory: string; results: Result[]; clear: () => void } {
  const directory = temporary.newDirectory();
  writeFileSync(join(directory, "mr-out-0"), "earlier");
  const results = [0, 1, 2].map((n) => ({ temporaryPath: join(directory, `.new-${n}`), name: `mr-out-${n}` }));
  for (const { temporaryPath } of results) writeFileSync(temporaryPath, "new");
  return { directory, results, clear: () => rmSync(join(directory, "mr-out-0")) };
}

const outputsIn = (directory: string) => readdirSync(directory).filter((name) => !name.startsWith("."));

describe("the results of a job", () => {
  it("get their names before the manifest is written", () => {
    const { directory, results, clear } = begin();
    let there: string[] = [];
    commitResults(directory, results, { clear, finish: () => (there = readdirSync(directory)) });
    expect(there.sort()).toEqual(["mr-out-0", "mr-out-1", "mr-out-2"]);
    expect(readFileSync(join(directory, "mr-out-0"), "utf8")).toBe("new");
  });

  it.each(["mr-out-2", "mr-manifest.json"])("change nothing when %s is a directory", (name) => {
    const { directory, results, clear } = begin();
    mkdirSync(join(directory, name));
    expect(() => commitResults(directory, results, { clear, finish: () => undefined })).toThrow(
      `the output cannot be written: ${join(directory, name)} is a directory; move it away`,
    );
    expect(readFileSync(join(directory, "mr-out-0"), "utf8")).toBe("earlier");
    expect(outputsIn(directory)).toEqual(["mr-out-0", name].sort());
  });

  it("all go when the manifest cannot be written, or one of them is gone", () => {
    const cannotWrite = begin();
    const finish = () => StagedFile.create(join(cannotWrite.directory, "no", "manifest"));
    const failed = expect.objectContaining({
      name: "AppFailedError",
      message: expect.stringMatching(/^the output cannot be written: ENOENT: .*\/no\/manifest'$/) as string,
    }) as Error;
    expect(() => commitResults(cannotWrite.directory, cannotWrite.results, { ...cannotWrite, finish })).toThrow(failed);
    expect(outputsIn(cannotWrite.directory)).toEqual([]);
    const { directory, results, clear } = begin();
    rmSync(join(directory, ".new-1"));
    expect(() => commitResults(directory, results, { clear, finish: () => undefined })).toThrow("ENOENT");
    expect(outputsIn(directory)).toEqual([]);
  });

  it("all go when something else was wrong, which is not hidden", () => {
    const { directory, results, clear } = begin();
    const bug = new TypeError("a bug");
    const finish = () => {
      throw bug;
    };
    expect(() => commitResults(directory, results, { clear, finish })).toThrow(bug);
    expect(outputsIn(directory)).toEqual([]);
  });
});
