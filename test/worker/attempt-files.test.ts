import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryPrefix } from "../../src/output/names.js";
import { WrittenFiles } from "../../src/worker/written-files.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

function prepare(directory: string, partition: number) {
  const temporaryPath = join(directory, `${temporaryPrefix("job", "map", 0, 1)}${partition}`);
  writeFileSync(temporaryPath, "mine");
  return { temporaryPath, finalPath: join(directory, `mr-0-${partition}`), partition, bytes: 4, checksum: 0 };
}

describe("WrittenFiles", () => {
  it("gives files their final names, and takes back all of them or some", () => {
    const directory = temporary.newDirectory();
    const files = new WrittenFiles(directory, "job");
    files.commit([prepare(directory, 0), prepare(directory, 1), prepare(directory, 2)]);
    expect(readdirSync(directory).sort()).toEqual(["mr-0-0", "mr-0-1", "mr-0-2"]);
    files.takeBack([join(directory, "mr-0-1")]);
    expect(readdirSync(directory).sort()).toEqual(["mr-0-0", "mr-0-2"]);
    files.takeBack();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("leaves a file of that name which somebody else has put there since", () => {
    const directory = temporary.newDirectory();
    const files = new WrittenFiles(directory, "job");
    const prepared = prepare(directory, 0);
    files.commit([prepared]);
    // Renamed into place while the first still exists, it cannot have the same inode.
    writeFileSync(join(directory, "new"), "theirs");
    renameSync(join(directory, "new"), prepared.finalPath);
    files.takeBack();
    expect(readFileSync(prepared.finalPath, "utf8")).toBe("theirs");
  });

  it("removes the unfinished files of one attempt and no others", () => {
    const directory = temporary.newDirectory();
    const files = new WrittenFiles(directory, "job");
    prepare(directory, 0);
    const others = [`${temporaryPrefix("job", "map", 0, 2)}0`, `${temporaryPrefix("other", "map", 0, 1)}0`, "mr-0-0"];
    for (const name of others) writeFileSync(join(directory, name), "");
    files.discardUnfinished({ kind: "map", task: 0, attempt: 1 });
    expect(readdirSync(directory).sort()).toEqual(others.sort());
  });

  it("has nothing to do when the directory is gone", () => {
    const directory = temporary.newDirectory();
    const files = new WrittenFiles(directory, "job");
    files.commit([prepare(directory, 0)]);
    rmSync(directory, { recursive: true });
    files.discardUnfinished({ kind: "map", task: 0, attempt: 1 });
    files.takeBack();
    expect(existsSync(directory)).toBe(false);
  });
});
