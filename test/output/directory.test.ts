import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findInputs } from "../../src/input/files.js";
import { JobDirectory } from "../../src/output/directory.js";
import { noSources } from "../../src/output/job-files.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

function touch(directory: string, ...names: string[]): void {
  for (const name of names) writeFileSync(join(directory, name), name);
}

describe("JobDirectory", () => {
  it("is locked by one job at a time, under any path", async () => {
    const path = temporary.newDirectory();
    const alias = temporary.newPath();
    symlinkSync(path, alias);
    const taken = await JobDirectory.take(path, noSources);
    await expect(JobDirectory.take(alias, noSources)).rejects.toThrow(`another job is running in ${alias}`);
    await taken.release({ removeIfEmpty: false });
    const again = await JobDirectory.take(alias, noSources);
    expect(again.path).toBe(path);
    await again.release({ removeIfEmpty: false });
  });

  it("changes nothing when it is locked, and clears only files with the names of a job's files", async () => {
    const path = temporary.newDirectory();
    const theirs = ["mr-output", "notes.txt", "mr-out-1.bak", ".mr-other"];
    touch(path, ...theirs, "mr-0-1", "mr-0-1.2", "mr-out-0", "mr-out-10", "mr-out-9", ".mr-tmp-ab-map-0-1-0");
    mkdirSync(join(path, "mr-out-7"));
    const directory = await JobDirectory.take(path, noSources);
    expect(readdirSync(path)).toHaveLength(theirs.length + 7);
    expect(directory.clear(["temporary", "intermediate"])).toBe(3);
    expect(directory.clear(["output"], { kept: ["mr-out-9", "mr-out-11"] })).toBe(2);
    expect(directory.clear(["output"])).toBe(1);
    expect(readdirSync(path).sort()).toEqual([...theirs, "mr-out-7"].sort());
    await directory.release({ removeIfEmpty: true });
    expect(existsSync(path)).toBe(true);
  });

  it("can be foreseen: whether it exists and whether it is available, without creating anything", () => {
    const path = temporary.newDirectory();
    touch(path, "theirs", "mr-out-0");
    expect(JobDirectory.foresee(path, noSources)).toBe(path);
    expect(JobDirectory.foresee(join(path, "new", "deep"), noSources)).toBe(undefined);
    expect(existsSync(join(path, "new"))).toBe(false);
    expect(() => JobDirectory.foresee("", noSources)).toThrow("is empty");
    expect(() => JobDirectory.foresee(join(path, "theirs"), noSources)).toThrow("not a directory");
    expect(() => JobDirectory.foresee(join(path, "theirs", "deep"), noSources)).toThrow("not a directory");
    const sources = { ...noSources, inputs: findInputs([join(path, "mr-out-0")]) };
    expect(() => JobDirectory.foresee(path, sources)).toThrow("it would be cleared away");
  });

  it("is created with its parents, and they are removed again when it stays empty", async () => {
    const parent = temporary.newPath();
    const path = join(parent, "a", "b");
    const directory = await JobDirectory.take(path, noSources);
    expect(existsSync(path)).toBe(true);
    await directory.release({ removeIfEmpty: true });
    expect(existsSync(parent)).toBe(false);
  });

  it("stays when something was put into it", async () => {
    const path = join(temporary.newPath(), "a");
    const directory = await JobDirectory.take(path, noSources);
    touch(path, "theirs");
    await directory.release({ removeIfEmpty: true });
    expect(readdirSync(path)).toEqual(["theirs"]);
  });

  it("is refused when it contains an input that would be cleared away", async () => {
    const path = temporary.newDirectory();
    touch(path, "mr-out-0", "fine.txt");
    const link = temporary.newPath();
    symlinkSync(join(path, "mr-out-0"), link);
    await expect(JobDirectory.take(path, { ...noSources, inputs: findInputs([link]) })).rejects.toThrow(
      "so it would be cleared away",
    );
    expect(readdirSync(path)).toHaveLength(2);
    const fine = { ...noSources, inputs: findInputs([join(path, "fine.txt")]) };
    await (await JobDirectory.take(path, fine)).release({ removeIfEmpty: false });
  });

  it("cannot be below a file", async () => {
    const file = temporary.newPath();
    writeFileSync(file, "");
    await expect(JobDirectory.take(file, noSources)).rejects.toThrow(
      `cannot write to output directory ${file}: there is a file of that name`,
    );
    await expect(JobDirectory.take(join(file, "x"), noSources)).rejects.toThrow("part of the path is not a directory");
  });
});
