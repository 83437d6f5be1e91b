import { closeSync, fstatSync, openSync, writeFileSync, type BigIntStats } from "node:fs";
import { describe, expect, it } from "vitest";
import { changeSince, edgesOf, stateOf } from "../../src/input/file-state.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

/** The reported change of a file with these bytes and `other` values of `stat`. */
function changeOf(bytes: number, other: Partial<BigIntStats>, edges?: number) {
  const path = temporary.newPath();
  writeFileSync(path, "x".repeat(bytes));
  const descriptor = openSync(path, "r");
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    const planned = stateOf(descriptor, stats);
    if (planned === undefined) throw new Error("a file has its own length");
    const now = Object.assign(Object.create(stats as object) as BigIntStats, other);
    return changeSince(planned, now, () => edges ?? edgesOf(descriptor, planned.sizeBytes));
  } finally {
    closeSync(descriptor);
  }
}

describe("the state of a file", () => {
  it("is the same with a different inode number when all else is equal: some file systems renumber inodes", () => {
    expect(changeOf(5, { ino: 7n })).toBeUndefined();
  });

  it.each(["mtimeNs", "ctimeNs"] as const)("is another one with another inode number and another %s", (time) => {
    expect(changeOf(5, { ino: 7n, [time]: 8n })?.text).toBe("another file has taken its place");
  });

  it("differs with a different inode number and different contents", () => {
    expect(changeOf(5, { ino: 7n }, 1)?.text).toBe("another file has taken its place");
  });

  it("is the same when the file was linked or renamed", () => {
    expect(changeOf(5, { ctimeNs: 8n })).toBeUndefined();
  });

  it("has only grown when the old part begins and ends as before, whatever the clock says", () => {
    expect(changeOf(5, { size: 9n })).toMatchObject({ hasOnlyGrown: true });
    expect(changeOf(5, { size: 9n, mtimeNs: 8n })).toMatchObject({ hasOnlyGrown: true });
    expect(changeOf(5, { size: 9n }, 1)).toMatchObject({ hasOnlyGrown: false });
  });

  it("handles inodes and times that a JavaScript number cannot represent exactly", () => {
    const ino = 2n ** 63n + 1n;
    const path = temporary.newPath();
    writeFileSync(path, "");
    const descriptor = openSync(path, "r");
    const stats = fstatSync(descriptor, { bigint: true });
    const withInode = (ino: bigint) => Object.assign(Object.create(stats as object) as BigIntStats, { ino });
    const planned = stateOf(descriptor, withInode(ino));
    expect(planned?.inode).toBe("9223372036854775809");
    if (planned === undefined) return;
    expect(changeSince(planned, withInode(ino), () => undefined)).toBeUndefined();
    expect(changeSince(planned, withInode(ino - 1n), () => undefined)?.text).toBe("another file has taken its place");
    closeSync(descriptor);
  });

  it.each([0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 20_000])("notices another first or last byte of %i", (size) => {
    const path = temporary.newPath();
    const edges = (text: string) => {
      writeFileSync(path, text);
      const descriptor = openSync(path, "r");
      try {
        return edgesOf(descriptor, size);
      } finally {
        closeSync(descriptor);
      }
    };
    const text = "x".repeat(size);
    expect(edges(`${text}more`)).toBe(edges(text));
    if (size === 0) return;
    expect(edges(`y${text.slice(1)}`)).not.toBe(edges(text));
    expect(edges(`${text.slice(1)}y`)).not.toBe(edges(text));
    expect(edges(text.slice(1))).toBeUndefined();
  });
});
