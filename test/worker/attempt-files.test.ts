import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryPrefix } from "../../src/output/names.js";
import type { AttemptRef } from "../../src/model/attempt.js";
import { AttemptFiles } from "../../src/worker/attempt-files.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const map: AttemptRef = { kind: "map", task: 0, attempt: 1 };

function prepare(directory: string, partition: number) {
  const temporaryPath = join(directory, `${temporaryPrefix("job", "map", 0, 1)}${partition}`);
  writeFileSync(temporaryPath, "mine");
  return { temporaryPath, finalPath: join(directory, `mr-0-${partition}`), partition, bytes: 4, checksum: 0 };
}

describe("AttemptFiles", () => {
  it("renames files to their final names, and takes them back", () => {
    const directory = temporary.newDirectory();
    const files = new AttemptFiles({ directory, id: "job", reducers: 1 }, map);
    files.commit([prepare(directory, 0), prepare(directory, 1)]);
    expect(readdirSync(directory).sort()).toEqual(["mr-0-0", "mr-0-1"]);
    files.takeBack();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("renames none when one cannot be renamed", () => {
    const directory = temporary.newDirectory();
    const files = new AttemptFiles({ directory, id: "job", reducers: 1 }, map);
    const missing = { ...prepare(directory, 1), temporaryPath: join(directory, "missing") };
    expect(() => files.commit([prepare(directory, 0), missing])).toThrow(/ENOENT/);
    files.discardUnfinished();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("does not remove another file that has the name by now", () => {
    const directory = temporary.newDirectory();
    const files = new AttemptFiles({ directory, id: "job", reducers: 1 }, map);
    const prepared = prepare(directory, 0);
    files.commit([prepared]);
    // Because it was renamed into place while the first file existed, it cannot have the same inode.
    writeFileSync(join(directory, "new"), "theirs");
    renameSync(join(directory, "new"), prepared.finalPath);
    files.takeBack();
    expect(readFileSync(prepared.finalPath, "utf8")).toBe("theirs");
  });

  it("does not take back the output of a reduce task, whose name belongs to all its attempts", () => {
    const directory = temporary.newDirectory();
    const files = new AttemptFiles({ directory, id: "job", reducers: 1 }, { ...map, kind: "reduce" });
    files.commit([{ ...prepare(directory, 0), finalPath: join(directory, "mr-out-0") }]);
    files.takeBack();
    expect(readdirSync(directory)).toEqual(["mr-out-0"]);
  });

  it("renames side files, whose names belong to all attempts of the task, and does not take them back", () => {
    const directory = temporary.newDirectory();
    const files = new AttemptFiles({ directory, id: "job", reducers: 1 }, map);
    const publicName = "mr-side-map-0-a";
    const side = { ...prepare(directory, 1), name: "a", finalPath: join(directory, publicName), publicName };
    files.commit([prepare(directory, 0)], [side]);
    expect(readdirSync(directory).sort()).toEqual(["mr-0-0", "mr-side-map-0-a"]);
    files.takeBack();
    expect(readdirSync(directory)).toEqual(["mr-side-map-0-a"]);
  });

  it("removes the unfinished files of its attempt and no others", () => {
    const directory = temporary.newDirectory();
    const files = new AttemptFiles({ directory, id: "job", reducers: 1 }, map);
    prepare(directory, 0);
    const others = [`${temporaryPrefix("job", "map", 0, 2)}0`, `${temporaryPrefix("other", "map", 0, 1)}0`, "mr-0-0"];
    for (const name of others) writeFileSync(join(directory, name), "");
    files.discardUnfinished();
    expect(readdirSync(directory).sort()).toEqual(others.sort());
  });

  it("leaves files that cannot be removed, and removes the others", () => {
    const directory = temporary.newDirectory();
    const files = new AttemptFiles({ directory, id: "job", reducers: 1 }, map);
    mkdirSync(join(directory, `${temporaryPrefix("job", "map", 0, 1)}0`));
    prepare(directory, 1);
    files.discardUnfinished();
    expect(readdirSync(directory)).toEqual([`${temporaryPrefix("job", "map", 0, 1)}0`]);
  });

  it("has nothing to do when the directory is gone", () => {
    const directory = temporary.newDirectory();
    const files = new AttemptFiles({ directory, id: "job", reducers: 1 }, map);
    files.commit([prepare(directory, 0)]);
    rmSync(directory, { recursive: true });
    files.discardUnfinished();
    files.takeBack();
    expect(existsSync(directory)).toBe(false);
  });
});
