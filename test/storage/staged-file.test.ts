import { existsSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { commitFile, StagedFile } from "../../src/storage/staged-file.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const directory = useTemporaryDirectory();

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, writeSync: vi.fn(fs.writeSync) };
});
const { writeSync: realWriteSync } = await vi.importActual<typeof import("node:fs")>("node:fs");

/** From now on each call of writeSync with bytes does this instead. */
function onWrite(write: (descriptor: number, data: Uint8Array, offset: number, length: number) => number): void {
  vi.mocked(writeSync).mockImplementation(write as typeof writeSync);
}

afterEach(() => vi.mocked(writeSync).mockImplementation(realWriteSync));

describe("StagedFile", () => {
  it("contains what was appended, and knows its length and CRC-32", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.uint8Array(),
      fc.integer({ min: 40_000, max: 300_000 }).map((length) => "aé€".repeat(length / 3)),
      fc.integer({ min: 100_000, max: 300_000 }).map((length) => new Uint8Array(length).fill(7)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = directory.newPath();
        const file = StagedFile.create(path);
        for (const data of pieces) file.append(data);
        const expected = Buffer.concat(pieces.map((data) => Buffer.from(data as string)));
        expect(file.finish()).toEqual({ path, bytes: expected.length, checksum: crc32(expected) });
        expect(readFileSync(path).equals(expected)).toBe(true);
      }),
      { numRuns: 40 },
    );
    expect(directory.openFiles()).toBe(0);
  });

  it("holds no descriptor while it is suspended, and continues with the next piece", () => {
    const file = StagedFile.create(directory.newPath());
    file.append("one ");
    file.suspend();
    file.suspend();
    expect(directory.openFiles()).toBe(0);
    expect(readFileSync(file.path, "utf8")).toBe("one ");
    file.append("two");
    file.suspend();
    expect(file.finish()).toMatchObject({ bytes: 7, checksum: crc32("one two") });
    expect(readFileSync(file.path, "utf8")).toBe("one two");
    expect(() => file.suspend()).toThrow("already finished or discarded");
    const discarded = StagedFile.create(directory.newPath());
    discarded.suspend();
    discarded.discard();
    expect([existsSync(discarded.path), directory.openFiles()]).toEqual([false, 0]);
  });

  it("writes all its data when the system accepts only a part at a time", () => {
    onWrite((descriptor, data, offset, length) => realWriteSync(descriptor, data, offset, Math.ceil(length / 3)));
    const text = "0123456789".repeat(30_000);
    const file = StagedFile.create(directory.newPath());
    file.append(text);
    file.append("end");
    const finished = file.finish();
    expect(finished).toMatchObject({ bytes: text.length + 3, checksum: crc32(`${text}end`) });
    expect(readFileSync(finished.path, "utf8")).toBe(`${text}end`);
  });

  it("can be closed without being flushed to the disk, and removed after that", () => {
    const file = StagedFile.create(directory.newPath());
    file.append("data");
    file.close();
    expect(readFileSync(file.path, "utf8")).toBe("data");
    expect(() => file.append("more")).toThrow(/already finished/);
    expect(directory.openFiles()).toBe(0);
    file.discard();
    expect(existsSync(file.path)).toBe(false);
  });

  it("refuses a path that exists and leaves the other's file alone", () => {
    const path = directory.newPath();
    writeFileSync(path, "of another");
    expect(() => StagedFile.create(path)).toThrow(expect.objectContaining({ code: "EEXIST", path }));
    expect(readFileSync(path, "utf8")).toBe("of another");
  });

  it("names code and path when the disk is full, and is removed by discard", () => {
    onWrite(() => {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
    });
    const path = directory.newPath();
    const file = StagedFile.create(path);
    file.append("text");
    const naming = { code: "ENOSPC", path, message: `ENOSPC: no space left on device, write '${path}'` };
    expect(() => file.finish()).toThrow(expect.objectContaining(naming));
    file.discard();
    expect(existsSync(path)).toBe(false);
    expect(directory.openFiles()).toBe(0);
  });

  it("can be discarded at any time, and again, without harm to a later file of that name", () => {
    const path = directory.newPath();
    const unfinished = StagedFile.create(path);
    unfinished.append("text");
    unfinished.discard();
    expect(existsSync(path)).toBe(false);
    const finished = StagedFile.create(path);
    finished.finish();
    unfinished.discard();
    expect(existsSync(path)).toBe(true);
    finished.discard();
    expect(existsSync(path)).toBe(false);
    expect(directory.openFiles()).toBe(0);
  });

  it("accepts nothing after finish or discard", () => {
    const file = StagedFile.create(directory.newPath());
    file.finish();
    expect(() => file.append("more")).toThrow(/already finished/);
    expect(() => file.finish()).toThrow(/already finished/);
    file.discard();
    expect(() => file.append("more")).toThrow(/already finished or discarded/);
  });
});

describe("commitFile", () => {
  it("renames the file over an older one, and a later discard does not remove it", () => {
    const finalPath = directory.newPath();
    writeFileSync(finalPath, "old");
    const file = StagedFile.create(directory.newPath());
    file.append("new");
    commitFile(file.finish().path, finalPath);
    file.discard();
    expect(readFileSync(finalPath, "utf8")).toBe("new");
    expect(existsSync(file.path)).toBe(false);
  });

  it("names both paths when it fails", () => {
    const missing = directory.newPath();
    expect(() => commitFile(missing, "/final")).toThrow(expect.objectContaining({ code: "ENOENT", path: missing }));
  });
});
