import { mkdirSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { findSharedFiles, requireUnchanged } from "../../src/input/shared-files.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

function newFile(text = "text"): string {
  const path = temporary.newPath();
  writeFileSync(path, text);
  return path;
}

describe("the files of --file", () => {
  it("have the name that they are given, or their own, and are pinned by size and time", () => {
    const [a, b] = [newFile("a"), newFile("bb")];
    const place = (path: string) => ({ path: realpathSync(path), modifiedMs: statSync(path).mtimeMs });
    expect(findSharedFiles([`${a}#stop words`, b])).toEqual([
      { name: "stop words", sizeBytes: 1, ...place(a) },
      { name: basename(b), sizeBytes: 2, ...place(b) },
    ]);
  });

  it("may have a # in the path, when a name follows", () => {
    const path = `${temporary.newPath()}#1`;
    writeFileSync(path, "");
    expect(findSharedFiles([`${path}#a`])).toMatchObject([{ name: "a", path: realpathSync(path) }]);
  });

  it("are refused when one cannot be read, is called nothing, or as another one", () => {
    const path = newFile();
    const directory = temporary.newPath();
    mkdirSync(directory);
    expect(() => findSharedFiles([path, `${path}.no#a`])).toThrow(`cannot read --file ${path}.no#a: no such file`);
    expect(() => findSharedFiles([directory])).toThrow(`cannot read --file ${directory}: it is not a regular file`);
    for (const text of ["", "#a", `${path}#`]) expect(() => findSharedFiles([text])).toThrow("it must be a path");
    expect(() => findSharedFiles([path, `${newFile()}#${basename(path)}`])).toThrow(
      `are both called ${basename(path)}; give one another name`,
    );
  });

  it("must stay as they were", () => {
    const path = newFile("text");
    const files = findSharedFiles([`${path}#a`]);
    requireUnchanged(files);
    writeFileSync(path, "longer text");
    expect(() => requireUnchanged(files)).toThrow(/^--file a must stay as it is .* had 4 bytes, and has 11$/);
    writeFileSync(path, "same");
    utimesSync(path, 1, 2);
    expect(() => requireUnchanged(files)).toThrow(/was changed$/);
    rmSync(path);
    expect(() => requireUnchanged(files)).toThrow(/is gone$/);
  });
});
