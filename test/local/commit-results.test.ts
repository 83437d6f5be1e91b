import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commitResults, type Result } from "../../src/local/commit-results.js";
import { manifestName, stagedName } from "../../src/output/names.js";
import { StagedFile } from "../../src/storage/staged-file.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const jobId = "0a";

/** A directory with the output of an earlier job, and three results that will replace it. */
function begin() {
  const path = temporary.newDirectory();
  const obsolete = ["mr-out-0", "mr-out-7"];
  for (const name of [...obsolete, manifestName]) writeFileSync(join(path, name), "earlier");
  const results: Result[] = [0, 1, 2].map((n) => ({ temporaryPath: join(path, `.new-${n}`), name: `mr-out-${n}` }));
  for (const { temporaryPath } of results) writeFileSync(temporaryPath, "new");
  const writeManifest = () => {
    writeFileSync(join(path, stagedName(jobId, manifestName)), "new");
  };
  return { directory: { path }, results, end: { obsolete, writeManifest } };
}

const contents = ({ path }: { path: string }) => {
  const names = readdirSync(path).filter((name) => !name.startsWith("."));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name), "utf8")]));
};
const earlier = { "mr-out-0": "earlier", "mr-out-7": "earlier", [manifestName]: "earlier" };

describe("the results of a job", () => {
  it("replace the earlier ones, including the manifest", () => {
    const { directory, results, end } = begin();
    commitResults(directory, jobId, results, end);
    expect(contents(directory)).toEqual({
      "mr-out-0": "new",
      "mr-out-1": "new",
      "mr-out-2": "new",
      [manifestName]: "new",
    });
    expect(readdirSync(directory.path).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("change nothing when a directory has one of their names", () => {
    const { directory, results, end } = begin();
    const taken = join(directory.path, "mr-out-2");
    mkdirSync(taken);
    expect(() => commitResults(directory, jobId, results, end)).toThrow(
      `the output cannot be written: ${taken} is a directory; move it away`,
    );
    rmSync(taken, { recursive: true });
    expect(contents(directory)).toEqual(earlier);
  });

  it("change nothing when the manifest cannot be written, or a result is gone", () => {
    const { directory, results, end } = begin();
    const writeManifest = () => StagedFile.create(join(directory.path, "no", "manifest"));
    const failed = expect.objectContaining({
      name: "AppFailedError",
      message: expect.stringMatching(/^the output cannot be written: ENOENT: .*\/no\/manifest'$/) as string,
    }) as Error;
    expect(() => commitResults(directory, jobId, results, { ...end, writeManifest })).toThrow(failed);
    expect(contents(directory)).toEqual(earlier);
    const other = begin();
    rmSync(join(other.directory.path, ".new-1"));
    expect(() => commitResults(other.directory, jobId, other.results, other.end)).toThrow("ENOENT");
    expect(contents(other.directory)).toEqual(earlier);
  });

  it("change nothing when another error occurs, and do not hide it", () => {
    const { directory, results, end } = begin();
    const bug = new TypeError("a bug");
    const writeManifest = () => {
      throw bug;
    };
    expect(() => commitResults(directory, jobId, results, { ...end, writeManifest })).toThrow(bug);
    expect(contents(directory)).toEqual(earlier);
  });
});
