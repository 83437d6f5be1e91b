import { readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jobFileKind } from "../../src/output/names.js";
import { RecordMarker, takeRecordMarker } from "../../src/output/record-marker.js";
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
      expect(readdirSync(directory).map(jobFileKind)).toEqual(["temporary"]);
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
    before.remove();
    const after = new RecordMarker(directory, "job", ref);
    after.mark(12);
    after.mark(NaN);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    after.remove();
  });

  it("is not written through a link that somebody has put in its place", () => {
    const [directory, target] = [temporary.newDirectory(), temporary.newPath()];
    const marker = new RecordMarker(directory, "job", ref);
    const path = join(directory, readdirSync(directory)[0] ?? "");
    marker.remove();
    writeFileSync(target, "precious");
    symlinkSync(target, path);
    expect(() => new RecordMarker(directory, "job", ref)).toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(readFileSync(target, "utf8")).toBe("precious");
  });

  it("says nothing when it is cut short", () => {
    const directory = temporary.newDirectory();
    const marker = new RecordMarker(directory, "job", ref);
    marker.mark(12);
    truncateSync(join(directory, readdirSync(directory)[0] ?? ""), 4);
    expect(takeRecordMarker(directory, "job", ref)).toBeUndefined();
    marker.remove();
  });

  it("is that of one attempt of one job alone, and is gone when that has ended", () => {
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
