import { describe, expect, it } from "vitest";
import { noMeasures } from "../../src/model/measures.js";
import { summary } from "../../src/status/summary.js";

const job = {
  maps: { total: 1 },
  reduces: { total: 2 },
  map: { ...noMeasures(), recordsIn: 1, bytesIn: 1000, recordsOut: 1234567, bytesOut: 10 },
  reduce: { ...noMeasures(), keys: 1, recordsOut: 1, bytesOut: 4 },
  attempts: { failed: 0, crashed: 0, backup: 0, backupWon: 0, backupSavedMs: 0 },
  mapsLost: 0,
  recordsSkipped: 0,
  warnings: { list: [] as string[], omitted: 0 },
  elapsedMs: 1500,
  advice: [],
};
const places = { outputs: "out/mr-out-0", badRecords: "out/mr-bad-records.jsonl" };

describe("the summary of a job", () => {
  it("shows input, intermediate data and output, in readable numbers", () => {
    expect(summary(job, places).split("\n")).toEqual([
      "done in 1.5s: 1 map task, 2 reduce tasks",
      "  in   1 record, 1 kB",
      "       1,234,567 pairs from map to reduce, 10 B, of 1 key",
      "  out  1 record, 4 B, to out/mr-out-0",
    ]);
  });

  it("mentions retries, backups and skipped records, if any", () => {
    const attempts = { failed: 1, crashed: 1, backup: 2, backupWon: 1, backupSavedMs: 3000 };
    const lines = summary({ ...job, attempts, mapsLost: 1, recordsSkipped: 2 }, places).split("\n");
    expect(lines[0]).toBe(
      "done in 1.5s: 1 map task, 2 reduce tasks, 2 attempts tried again, " +
        "2 backup attempts of which 1 won and saved about 3s, 1 map task run again for damaged files",
    );
    expect(lines.at(-1)).toBe("  left out 2 bad records: out/mr-bad-records.jsonl");
  });

  it("counts the warnings, which were shown when they occurred", () => {
    const warnings = { list: ["a", "b"], omitted: 1 };
    expect(
      summary({ ...job, warnings }, places)
        .split("\n")
        .at(-1),
    ).toBe("  3 warnings, told above");
  });

  it("adds up counters of maps and reduces with the same name", () => {
    const map = {
      ...job.map,
      counters: [
        ["words", 2.5],
        ["lines", 1e6],
      ] satisfies [string, number][],
    };
    const reduce = { ...job.reduce, counters: [["words", 1]] satisfies [string, number][] };
    expect(
      summary({ ...job, map, reduce }, places)
        .split("\n")
        .slice(4),
    ).toEqual(["  words = 3.5", "  lines = 1,000,000"]);
  });
});
