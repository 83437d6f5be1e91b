import * as fs from "node:fs";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { JournalError, JournalFile } from "../../../src/coordinator/journal/journal-file.js";
import { useTemporaryDirectory } from "../../support/temporary-directory.js";
import { journalLines, journalRecord, textOf } from "./journal-bytes.js";

const directory = useTemporaryDirectory();

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const calls = ["writeSync", "ftruncateSync", "fdatasyncSync", "readSync", "closeSync", "unlinkSync"] as const;
  return { ...real, ...Object.fromEntries(calls.map((name) => [name, vi.fn(real[name] as () => unknown)])) };
});
const real = await vi.importActual<typeof fs>("node:fs");
afterEach(() => vi.resetAllMocks());

/** The system's error, in Node's words. */
function systemError(code: string, reason: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${reason}, ${syscall}`), { code, syscall });
}
const full = systemError("ENOSPC", "no space left on device", "write");
const broken = systemError("EIO", "i/o error", "ftruncate");

function failing(error: Error): () => never {
  return () => {
    throw error;
  };
}

/** Each write accepts at most this many bytes; then, if given, the error occurs. */
function onWrite(bytesMax: number, error?: Error): void {
  let writes = 0;
  const write = (descriptor: number, data: Uint8Array, offset: number, length: number) => {
    writes += 1;
    if (error !== undefined && writes > 1) throw error;
    return real.writeSync(descriptor, data, offset, Math.min(length, bytesMax));
  };
  vi.mocked(fs.writeSync).mockImplementation(write as typeof fs.writeSync);
}

/** A journal with these records at a new path, left by a departed coordinator. */
function leftBehind(...records: unknown[]): string {
  const file = JournalFile.create(directory.newPath());
  file.appendAll(records);
  file.close();
  return file.path;
}

/** Opens, reads and closes. */
function contents(path: string): { records: unknown[]; damage: string | undefined; droppedBytes: number } {
  const records: unknown[] = [];
  const { file, ...found } = JournalFile.open(path, (record) => records.push(record));
  file.close();
  return { records, ...found };
}

function thrownBy(action: () => unknown): JournalError {
  try {
    action();
  } catch (error) {
    if (error instanceof JournalError) return error;
    throw error;
  }
  throw new Error("it did not throw");
}

describe("a journal", () => {
  test("holds what was appended, through any number of openings, as one chain of lines", () => {
    const steps = fc.array(fc.oneof(fc.array(journalRecord, { maxLength: 4 }), fc.constant("reopen" as const)));
    const property = fc.property(steps, (steps) => {
      let file = JournalFile.create(directory.newPath());
      const written: unknown[] = [];
      for (const step of steps) {
        if (step === "reopen") {
          file.close();
          const records: unknown[] = [];
          const opened = JournalFile.open(file.path, (record) => records.push(record));
          file = opened.file;
          expect(textOf(records)).toBe(textOf(written));
          expect(opened).toMatchObject({ damage: undefined, droppedBytes: 0 });
        } else {
          if (step.length === 1) file.append(step[0]);
          else file.appendAll(step);
          written.push(...step);
        }
      }
      file.close();
      expect(fs.readFileSync(file.path).equals(Buffer.concat(journalLines(written)))).toBe(true);
    });
    fc.assert(property, { numRuns: 100 });
    expect(directory.openFiles()).toBe(0);
  });

  test("is created only for its owner, and only where nothing exists", () => {
    const path = leftBehind(1);
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    const error = thrownBy(() => JournalFile.create(path));
    expect(error).toMatchObject({
      code: "EEXIST",
      path,
      message: `cannot create the journal ${path}: EEXIST: file already exists`,
    });
    expect(contents(path).records).toEqual([1]);
  });

  test("is not created or opened through a symbolic link, and the target is not touched", () => {
    const target = leftBehind(1);
    const link = directory.newPath();
    fs.symlinkSync(target, link);
    expect(thrownBy(() => JournalFile.create(link)).code).toBe("EEXIST");
    expect(thrownBy(() => contents(link)).code).toBe("ELOOP");
    const dangling = directory.newPath();
    const missing = directory.newPath();
    fs.symlinkSync(missing, dangling);
    expect(thrownBy(() => JournalFile.create(dangling)).code).toBe("EEXIST");
    expect(fs.existsSync(missing)).toBe(false);
    expect(contents(target).records).toEqual([1]);
  });

  test("says what is wrong when it does not exist", () => {
    const path = directory.newPath();
    const message = `cannot open the journal ${path}: ENOENT: no such file or directory`;
    expect(thrownBy(() => contents(path))).toMatchObject({ code: "ENOENT", path, message });
    expect(thrownBy(() => contents(directory.newDirectory())).code).toBe("EISDIR");
    expect(() => contents("/dev/null")).toThrow("cannot open the journal /dev/null: it is not a regular file");
    expect(directory.openFiles()).toBe(0);
  });

  test.skipIf(process.geteuid?.() !== 0)("is not opened when it is another user's", () => {
    const file = JournalFile.create(directory.newPath());
    file.close();
    fs.chownSync(file.path, 65534, -1);
    expect(() => contents(file.path)).toThrow("it belongs to another user (uid 65534)");
    expect(directory.openFiles()).toBe(0);
  });

  test("appends a group with one write", () => {
    const file = JournalFile.create(directory.newPath());
    file.appendAll([1, 2, 3]);
    file.appendAll([]);
    file.append(4);
    expect(fs.writeSync).toHaveBeenCalledTimes(2);
    expect(contents(file.path).records).toEqual([1, 2, 3, 4]);
    file.close();
  });

  test("is read a block at a time, with lines longer than a block and cut by its end", () => {
    const records = Array.from({ length: 60 }, (_, i) => ({ i, text: "é".repeat(i === 30 ? 2_000_000 : 35_000 + i) }));
    const path = leftBehind(...records);
    expect(textOf(contents(path).records)).toBe(textOf(records));
    const reads = vi.mocked(fs.readSync).mock.calls.map(([, block]) => block.byteLength);
    expect(reads.length).toBeGreaterThan(5);
    expect(Math.max(...reads)).toBeLessThanOrEqual(1024 * 1024);
  });
});

describe("a journal that was cut short", () => {
  test("loses a torn end when it is opened, and is valid again with the next record", () => {
    const property = fc.property(fc.array(journalRecord, { minLength: 1, maxLength: 6 }), fc.nat(), (records, at) => {
      const path = leftBehind(...records);
      const lines = journalLines(records);
      fs.truncateSync(path, at % Buffer.concat(lines).length);
      const before: unknown[] = [];
      const { file, damage, droppedBytes } = JournalFile.open(path, (record) => before.push(record));
      const keptBytes = Buffer.concat(lines.slice(0, before.length)).length;
      expect(fs.statSync(path).size).toBe(keptBytes);
      expect(droppedBytes).toBe((at % Buffer.concat(lines).length) - keptBytes);
      expect(damage).toBe(droppedBytes === 0 ? undefined : "torn");
      file.append("next");
      file.close();
      expect(textOf(contents(path).records)).toBe(textOf([...records.slice(0, before.length), "next"]));
      expect(contents(path).damage).toBeUndefined();
    });
    fc.assert(property, { numRuns: 100 });
  });

  test("is called damaged when lines follow the wrong one, and continues from the prefix", () => {
    const path = leftBehind("a", "b", "c", "d");
    const text = fs.readFileSync(path, "utf8");
    fs.writeFileSync(path, text.replace('"b"', '"B"'));
    expect(contents(path)).toEqual({ records: ["a"], damage: "damaged", droppedBytes: 3 * '00000000 "x"\n'.length });
    expect(contents(path)).toEqual({ records: ["a"], damage: undefined, droppedBytes: 0 });
  });

  test("is unchanged when the opener rejects a record", () => {
    const path = leftBehind("a", "b");
    fs.appendFileSync(path, "torn");
    const before = fs.readFileSync(path, "utf8");
    const refuse = (record: unknown) => {
      if (record === "b") throw new TypeError("not a record of mine");
    };
    expect(() => JournalFile.open(path, refuse)).toThrow(new TypeError("not a record of mine"));
    expect(fs.readFileSync(path, "utf8")).toBe(before);
    expect(directory.openFiles()).toBe(0);
  });

  test("is not used when its end cannot be cut off or it cannot be read", () => {
    const path = leftBehind("a");
    fs.appendFileSync(path, "torn");
    vi.mocked(fs.ftruncateSync).mockImplementationOnce(failing(broken));
    expect(() => contents(path)).toThrow(`cannot cut off the end of the journal ${path}: EIO: i/o error`);
    vi.mocked(fs.readSync).mockImplementationOnce(failing(systemError("EIO", "i/o error", "read")));
    expect(thrownBy(() => contents(path))).toMatchObject({ code: "EIO", path });
    expect(directory.openFiles()).toBe(0);
    expect(contents(path)).toMatchObject({ records: ["a"], damage: "torn" });
  });
});

describe("an append that fails", () => {
  test("leaves no part of its records, says why, and may be tried again", () => {
    const file = JournalFile.create(directory.newPath());
    file.append("before");
    onWrite(20, full);
    const message = `cannot write the journal ${file.path}: ENOSPC: no space left on device`;
    const error = thrownBy(() => file.appendAll(["one", "two", "three"]));
    expect(error).toMatchObject({ code: "ENOSPC", path: file.path, message, cause: full });
    expect(contents(file.path)).toEqual({ records: ["before"], damage: undefined, droppedBytes: 0 });
    vi.resetAllMocks();
    file.append("after");
    file.close();
    expect(contents(file.path)).toEqual({ records: ["before", "after"], damage: undefined, droppedBytes: 0 });
  });

  test("leaves also the records that were there when the journal was opened", () => {
    const path = leftBehind("before", "as well");
    fs.appendFileSync(path, "torn");
    const { file } = JournalFile.open(path, () => undefined);
    onWrite(5, full);
    expect(thrownBy(() => file.append("lost")).code).toBe("ENOSPC");
    file.close();
    expect(contents(path)).toEqual({ records: ["before", "as well"], damage: undefined, droppedBytes: 0 });
  });

  test("is not one when the system writes a line in pieces", () => {
    onWrite(7);
    const path = leftBehind("in", "many", "pieces");
    expect(contents(path)).toMatchObject({ records: ["in", "many", "pieces"], damage: undefined });
  });

  test("does not loop forever when the system writes nothing", () => {
    onWrite(0);
    const file = JournalFile.create(directory.newPath());
    expect(() => file.append(1)).toThrow(`cannot write the journal ${file.path}: the system wrote no bytes`);
    file.close();
  });

  test("makes later appends fail when its piece could not be cut off, so that no record follows it", () => {
    const file = JournalFile.create(directory.newPath());
    file.append("before");
    onWrite(5, full);
    vi.mocked(fs.ftruncateSync).mockImplementationOnce(failing(broken));
    expect(thrownBy(() => file.append("lost")).code).toBe("ENOSPC");
    vi.resetAllMocks();
    for (const again of [() => file.append("more"), () => file.appendAll([]), () => file.sync()]) {
      const message = `cannot continue the journal ${file.path}: EIO: i/o error`;
      expect(thrownBy(again)).toMatchObject({ code: "EIO", path: file.path, message });
    }
    file.close();
    expect(contents(file.path)).toEqual({ records: ["before"], damage: "torn", droppedBytes: 5 });
  });

  test("has written nothing when a record is not a JSON value", () => {
    const file = JournalFile.create(directory.newPath());
    expect(() => file.appendAll(["good", undefined])).toThrow(TypeError);
    file.append("later");
    file.close();
    expect(contents(file.path)).toEqual({ records: ["later"], damage: undefined, droppedBytes: 0 });
  });
});

describe("sync", () => {
  test("flushes the file to the disk", () => {
    const file = JournalFile.create(directory.newPath());
    file.append(1);
    file.sync();
    expect(fs.fdatasyncSync).toHaveBeenCalledTimes(1);
    file.close();
  });

  test("ends all appending when it fails, because the contents of the disk are unknown", () => {
    const file = JournalFile.create(directory.newPath());
    vi.mocked(fs.fdatasyncSync).mockImplementationOnce(failing(systemError("EIO", "i/o error", "fdatasync")));
    expect(() => file.sync()).toThrow(`cannot flush the journal ${file.path}: EIO: i/o error`);
    expect(() => file.append(1)).toThrow(`cannot continue the journal ${file.path}: EIO: i/o error`);
    file.close();
  });
});

describe("the name of a journal", () => {
  test("belongs to it until the file or its directory is removed or replaced", () => {
    const parent = directory.newDirectory();
    const file = JournalFile.create(`${parent}/journal`);
    expect(file.isInPlace()).toBe(true);
    fs.renameSync(file.path, `${parent}/aside`);
    expect(file.isInPlace()).toBe(false);
    fs.copyFileSync(`${parent}/aside`, file.path);
    expect(file.isInPlace()).toBe(false);
    fs.rmSync(file.path);
    fs.symlinkSync(`${parent}/aside`, file.path);
    expect(file.isInPlace()).toBe(false);
    fs.renameSync(`${parent}/aside`, file.path);
    expect(file.isInPlace()).toBe(true);
    fs.rmSync(parent, { recursive: true });
    expect(file.isInPlace()).toBe(false);
    fs.writeFileSync(parent, "a file where the directory was");
    expect(file.isInPlace()).toBe(false);
    file.append("into the void");
    file.close();
  });

  test("is free again after remove", () => {
    const file = JournalFile.create(directory.newPath());
    file.append(1);
    file.remove();
    expect(fs.existsSync(file.path)).toBe(false);
    expect(directory.openFiles()).toBe(0);
  });

  test("is not removed when it belongs to another file by now", () => {
    const file = JournalFile.create(directory.newPath());
    fs.rmSync(file.path);
    file.remove();
    expect(directory.openFiles()).toBe(0);
    const replaced = JournalFile.create(directory.newPath());
    fs.rmSync(replaced.path);
    fs.writeFileSync(replaced.path, "of another");
    replaced.remove();
    expect(fs.readFileSync(replaced.path, "utf8")).toBe("of another");
  });

  test("stays when remove fails, which says so and closes", () => {
    const file = JournalFile.create(directory.newPath());
    vi.mocked(fs.unlinkSync).mockImplementationOnce(failing(systemError("EROFS", "read-only file system", "unlink")));
    expect(() => file.remove()).toThrow(`cannot remove the journal ${file.path}: EROFS: read-only file system`);
    expect(directory.openFiles()).toBe(0);
  });
});

test("a closed journal accepts nothing, and may be closed again", () => {
  const file = JournalFile.create(directory.newPath());
  file.close();
  file.close();
  for (const use of [() => file.append(1), () => file.sync(), () => file.isInPlace(), () => file.remove()]) {
    expect(use).toThrow(`the journal ${file.path} is closed`);
  }
});
