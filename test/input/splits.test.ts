import { constants } from "node:buffer";
import { describe, expect, it } from "vitest";
import { recordKinds } from "../../src/model/input-kinds.js";
import type { InputFile } from "../../src/input/files.js";
import { InputError } from "../../src/input/input-error.js";
import { planSplits, splitBytesDefault, splitBytesFor } from "../../src/input/splits.js";

const MiB = 2 ** 20;

function input(name: string, sizeBytes: number): InputFile {
  return { name, path: `/data/${name}`, sizeBytes, modifiedMs: 0, statusChangedMs: 0, inode: "1", edges: 0 };
}

function ranges(splits: ReturnType<typeof planSplits>): string[] {
  return splits.map(({ file, path, startBytes, endBytes }) => {
    expect(path).toBe(`/data/${file}`);
    return `${file} ${startBytes}-${endBytes}`;
  });
}

describe("planSplits", () => {
  it("makes each file one split when the app reads whole files, whatever their length", () => {
    const files = [input("b", 100), input("a", 0), input("b", 100)];
    expect(ranges(planSplits(files, "file", 10))).toEqual(["b 0-100", "a 0-0", "b 0-100"]);
  });

  it.each(["text", "lines", "jsonl"] as const)(
    "cuts files into equal parts when the app takes %s, and leaves empty ones out",
    (kind) => {
      const files = [input("a", 25), input("empty", 0), input("b", 10), input("c", 11)];
      expect(ranges(planSplits(files, kind, 10))).toEqual(["a 0-8", "a 8-16", "a 16-25", "b 0-10", "c 0-5", "c 5-11"]);
    },
  );

  it("never cuts files that cannot be read from the middle", () => {
    const compressed = { ...input("b.gz", 25), compression: "gzip" as const };
    expect(ranges(planSplits([input("a", 25), input("empty", 0)], "csv", 10))).toEqual(["a 0-25"]);
    expect(ranges(planSplits([input("a", 25), input("empty", 0)], "own", 10))).toEqual(["a 0-25", "empty 0-0"]);
    for (const kind of recordKinds) {
      expect(planSplits([compressed], kind, 10)).toEqual([
        {
          file: "b.gz",
          path: "/data/b.gz",
          startBytes: 0,
          endBytes: 25,
          compression: "gzip",
          planned: { sizeBytes: 25, modifiedMs: 0, statusChangedMs: 0, inode: "1", edges: 0 },
        },
      ]);
    }
  });

  it("divides a file of many gigabytes into many tasks, without a gap", () => {
    const splits = planSplits([input("log", 10 * 2 ** 30 + 1)], "lines", 64 * MiB);
    expect(splits).toHaveLength(161);
    expect(splits[0]?.startBytes).toBe(0);
    expect(splits.at(-1)?.endBytes).toBe(10 * 2 ** 30 + 1);
    for (const [at, { startBytes, endBytes }] of splits.entries()) {
      if (at > 0) expect(startBytes).toBe(splits[at - 1]?.endBytes);
      expect(endBytes - startBytes).toBeLessThanOrEqual(64 * MiB);
    }
  });

  it("refuses a whole file that is too long for one string, and suggests a solution", () => {
    const long = input("log", constants.MAX_STRING_LENGTH + 1);
    const plan = () => planSplits([input("a", 1), long], "file", splitBytesDefault);
    expect(plan).toThrow(InputError);
    expect(plan).toThrow(/^log has \d+ bytes, more than an app can read whole .*: let the app export input = "text"/);
    expect(planSplits([long], "text", splitBytesDefault)).toHaveLength(8);
  });
});

describe("splitBytesFor", () => {
  it.each([
    ["much input", [10 * 1024 * MiB], 2, 64 * MiB],
    ["a file that would leave workers idle", [60 * MiB], 4, 7.5 * MiB],
    ["little input", [MiB], 8, MiB],
    ["none", [], 8, MiB],
  ])("for %s", (_, sizes, workers, expected) => {
    expect(
      splitBytesFor(
        sizes.map((size) => input("a", size)),
        workers,
      ),
    ).toBe(expected);
  });
});
