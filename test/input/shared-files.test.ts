import { appendFileSync, mkdirSync, realpathSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { crc32 } from "node:zlib";
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
  it("have the given name or their own, and are pinned by size, time, inode and checksum", () => {
    const [a, b] = [newFile("a"), newFile("bb")];
    const place = (path: string) => ({
      path: realpathSync(path),
      modifiedMs: expect.closeTo(statSync(path).mtimeMs, 2) as number,
      statusChangedMs: expect.closeTo(statSync(path).ctimeMs, 2) as number,
      inode: String(statSync(path).ino),
    });
    expect(findSharedFiles([`${a}#stop words`, b])).toEqual([
      { name: "stop words", sizeBytes: 1, edges: crc32("a"), ...place(a) },
      { name: basename(b), sizeBytes: 2, edges: crc32("bb"), ...place(b) },
    ]);
  });

  it("may have a # in the path if a name follows", () => {
    const path = `${temporary.newPath()}#1`;
    writeFileSync(path, "");
    expect(findSharedFiles([`${path}#a`])).toMatchObject([{ name: "a", path: realpathSync(path) }]);
  });

  it("are refused when one cannot be read, has no name, or has another's name", () => {
    const path = newFile();
    const directory = temporary.newPath();
    mkdirSync(directory);
    expect(() => findSharedFiles([path, `${path}.no#a`])).toThrow(`cannot read --file ${path}.no#a: no such file`);
    expect(() => findSharedFiles([directory])).toThrow(`cannot read --file ${directory}: it is not a regular file`);
    for (const text of ["", "#a", `${path}#`]) expect(() => findSharedFiles([text])).toThrow("it must be a path");
    expect(() => findSharedFiles([path, `${newFile()}#${basename(path)}`])).toThrow(
      `are both called ${basename(path)}; rename one`,
    );
  });

  it("must stay unchanged", () => {
    const path = newFile("text");
    const files = findSharedFiles([`${path}#a`]);
    requireUnchanged(files);
    writeFileSync(path, "longer text");
    expect(() => requireUnchanged(files)).toThrow(
      `--file a (${realpathSync(path)}) changed while the job ran: it was rewritten: ` +
        "it had 4 bytes when the job was planned and has 11 now; run the job again",
    );
    writeFileSync(path, "same");
    utimesSync(path, 1, 2);
    expect(() => requireUnchanged(files)).toThrow(
      /: it was modified, but has the same length as before; run the job again$/,
    );
    rmSync(path);
    expect(() => requireUnchanged(files)).toThrow(/: it is gone; run the job again$/);
  });

  it("must not grow, because an app may read to the end", () => {
    const path = newFile("text");
    const files = findSharedFiles([path]);
    appendFileSync(path, "more");
    expect(() => requireUnchanged(files)).toThrow(/it had 4 bytes when the job was planned and has 8 now/);
  });

  it("are refused when a string cannot express their name", () => {
    expect(() => findSharedFiles(["a\0b"])).toThrow(/^cannot read --file a\\0b: a name cannot contain a NUL character/);
    expect(() => findSharedFiles(["caf\udce9"])).toThrow(/^cannot read --file caf\\xe9: its name is not UTF-8/);
  });

  it("are refused when their length is unknown", () => {
    expect(() => findSharedFiles(["/dev/null"])).toThrow(/it is not a regular file, but a character device/);
  });
});
