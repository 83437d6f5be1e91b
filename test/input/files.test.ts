import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { findInputs, lookAtInputs } from "../../src/input/files.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { xzOf } from "../support/xz-file.js";

const temporary = useTemporaryDirectory();

describe("findInputs", () => {
  it("keeps the name as given and finds the file behind it, with its size in bytes", () => {
    const directory = temporary.newDirectory();
    writeFileSync(join(directory, "whale.txt"), "Wäl");
    symlinkSync("whale.txt", join(directory, "link.txt"));
    const given = `${directory}/./link.txt`;
    expect(findInputs([given])).toEqual([
      {
        name: given,
        path: join(directory, "whale.txt"),
        sizeBytes: 4,
        modifiedMs: expect.closeTo(statSync(given).mtimeMs, 2) as number,
        statusChangedMs: expect.closeTo(statSync(given).ctimeMs, 2) as number,
        inode: String(statSync(given).ino),
        edges: crc32("Wäl"),
      },
    ]);
  });

  it("treats a file that is given twice as two inputs", () => {
    const path = temporary.newPath();
    writeFileSync(path, "");
    expect(findInputs([path, path])).toHaveLength(2);
  });

  it("detects the compression of a file by its first bytes, whatever its name", () => {
    const directory = temporary.newDirectory();
    const compressionOf = (name: string, bytes: Uint8Array | string) => {
      writeFileSync(join(directory, name), bytes);
      return findInputs([join(directory, name)])[0]?.compression;
    };
    expect(compressionOf("a.gz", gzipSync("a"))).toBe("gzip");
    expect(compressionOf("a", gzipSync(""))).toBe("gzip");
    expect(compressionOf("b.ZST", Buffer.from("28b52ffd2000010000", "hex"))).toBe("zstd");
    expect(compressionOf("skippable", Buffer.from("502a4d1800000000", "hex"))).toBe("zstd");
    expect(compressionOf("b.XZ", xzOf("b"))).toBe("xz");
    expect(compressionOf("b", xzOf(""))).toBe("xz");
    expect(compressionOf("b.BZ2", Buffer.from("425a683917724538509000000000", "hex"))).toBe("bzip2");
    expect(compressionOf("b", Buffer.from("425a68393141592653 59d6a7c0c3000000".replace(" ", ""), "hex"))).toBe(
      "bzip2",
    );
    expect(compressionOf("c.txt", "text")).toBeUndefined();
    expect(compressionOf("d.txt", "")).toBeUndefined();
    expect(() => compressionOf("e.gz", "text")).toThrow(/e\.gz: it is not gzip data, although its name says so/);
    expect(() => compressionOf("f.zst", gzipSync("a"))).toThrow(/f\.zst: it is not zstd data/);
    expect(() => compressionOf("f.xz", gzipSync("a"))).toThrow(/f\.xz: it is not xz data/);
    expect(() => compressionOf("g.gz", "")).toThrow(/g\.gz: it is not gzip data/);
  });

  it("says what is wrong with an input, and how many others are wrong", () => {
    const directory = temporary.newDirectory();
    mkdirSync(join(directory, "sub"));
    expect(() => findInputs([join(directory, "none")])).toThrow(`cannot read input ${directory}/none: no such file`);
    expect(() => findInputs([`${directory}/sub/`])).toThrow(
      `cannot read input ${directory}/sub/: it is a directory; --recursive reads all files below it, and ${directory}/sub/* the files in it`,
    );
    expect(() => findInputs(["/dev/null"])).toThrow(
      "cannot read input /dev/null: it is not a regular file, but a character device",
    );
    expect(() => findInputs([""])).toThrow('cannot read input "": no such file');
    expect(() => findInputs(["no-1", "no-2", "no-3"])).toThrow("no-1: no such file (and 2 more inputs cannot be read)");
  });

  it("refuses a name that no file can have, and says how to read a list of such names", () => {
    expect(() => findInputs(["a\0b\0"])).toThrow(
      /^cannot read input a\\0b\\0: a name cannot contain a NUL character; use --inputs-from0 .*$/,
    );
  });

  it("shows a name that is not UTF-8 exactly, and still finds its file", () => {
    const directory = temporary.newDirectory();
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/caf`), Buffer.from([0xe9])]), "text");
    expect(findInputs([`${directory}/caf\udce9`])).toMatchObject([
      { name: `${directory}/caf\\xe9`, path: `${directory}/caf\udce9`, sizeBytes: 4 },
    ]);
    expect(() => findInputs([`${directory}/caf\udce8`])).toThrow(`${directory}/caf\\xe8: no such file`);
  });
});

describe("lookAtInputs", () => {
  it("recognizes inputs of unknown length, and does not open pipes", () => {
    const pipe = temporary.newPath();
    execFileSync("mkfifo", [pipe]);
    const { dev, ino } = statSync(pipe, { bigint: true });
    expect(lookAtInputs([pipe])).toEqual([
      { name: pipe, isUnsized: true, descriptor: undefined, identity: `${dev}:${ino}` },
    ]);
    expect(statSync("/proc/cpuinfo").size).toBe(0);
    expect(readFileSync("/proc/cpuinfo").length).toBeGreaterThan(0);
    expect(lookAtInputs(["/proc/cpuinfo"])).toMatchObject([{ name: "/proc/cpuinfo", isUnsized: true }]);
    const ofKernel = "/sys/kernel/mm/transparent_hugepage/enabled";
    if (statSync(ofKernel, { throwIfNoEntry: false })?.size !== 4096) return;
    expect(lookAtInputs([ofKernel])).toMatchObject([{ isUnsized: true }]);
  });

  it("accepts an empty file", () => {
    const path = temporary.newPath();
    writeFileSync(path, "");
    expect(lookAtInputs([path])).toMatchObject([{ sizeBytes: 0 }]);
  });
});
