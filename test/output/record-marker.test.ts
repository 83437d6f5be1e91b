import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jobFileKind } from "../../src/output/names.js";
import { RecordMarker, removeRecordMarker, takeRecordMarker } from "../../src/output/record-marker.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const ref = { kind: "map", task: 3, attempt: 2 } as const;

describe("a record marker", () => {
  it.each([0, 1, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER])(
    "says that record %i is being mapped, and is taken once",
    (offset) => {
      const directory = temporary.newDirectory();
      const marker = new RecordMarker(directory, "job", ref);
      marker.mark(7);
      marker.mark(offset);
      expect(readdirSync(directory).map((name) => jobFileKind(name))).toEqual(["temporary"]);
      expect(takeRecordMarker(directory, "job", ref)).toBe(offset);
      expect(readdirSync(directory)).toEqual([]);
      expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
      marker.remove();
    },
  );

  it("says nothing before the first record and after the last one", () => {
    const directory = temporary.newDirectory();
    const before = new RecordMarker(directory, "job", ref);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    const after = new RecordMarker(directory, "job", ref);
    after.mark(12);
    after.mark(NaN);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    before.remove();
    after.remove();
  });

  it("says nothing when it is cut short", () => {
    const directory = temporary.newDirectory();
    const marker = new RecordMarker(directory, "job", ref);
    marker.mark(12);
    truncateSync(join(directory, readdirSync(directory)[0] ?? ""), 4);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    marker.remove();
  });

  it("no longer exists when it was removed under the attempt, which continues", () => {
    const directory = temporary.newDirectory();
    const marker = new RecordMarker(directory, "job", ref);
    marker.mark(12);
    removeRecordMarker(directory, "job", ref);
    marker.mark(13);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    marker.remove();
    removeRecordMarker(directory, "job", ref);
  });

  it("does not follow a link, wait for a pipe, or replace another file", () => {
    const directory = temporary.newDirectory();
    const marker = new RecordMarker(directory, "job", ref);
    marker.mark(12);
    const path = join(directory, readdirSync(directory)[0] ?? "");
    const elsewhere = join(temporary.newDirectory(), "elsewhere");
    expect(() => new RecordMarker(directory, "job", ref)).toThrow(/EEXIST/);
    renameSync(path, elsewhere);
    symlinkSync(elsewhere, path);
    expect(() => new RecordMarker(directory, "job", ref)).toThrow(/EEXIST/);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    expect(spawnSync("/bin/sh", ["-c", 'mkfifo "$0"', path]).status).toBe(0);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    marker.remove();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("does not cause a failure when it cannot be removed", () => {
    const directory = temporary.newDirectory();
    const marker = new RecordMarker(directory, "job", ref);
    const path = join(directory, readdirSync(directory)[0] ?? "");
    renameSync(path, `${path}-moved`);
    mkdirSync(path);
    removeRecordMarker(directory, "job", ref);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    marker.remove();
  });

  it("belongs to one attempt of one job, and is gone when that has ended", () => {
    const directory = temporary.newDirectory();
    const marker = new RecordMarker(directory, "job", ref);
    marker.mark(12);
    expect(takeRecordMarker(directory, "other", ref)).toBeUndefined();
    expect(takeRecordMarker(directory, "job", { ...ref, attempt: 22 })).toBeUndefined();
    expect(takeRecordMarker(directory, "job", { ...ref, task: 0 })).toBeUndefined();
    marker.remove();
    expect(readdirSync(directory)).toEqual([]);
    expect(temporary.openFiles()).toBe(0);
  });
});
