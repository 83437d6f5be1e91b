import { expect, test } from "vitest";
import { ThroughputLog } from "../../src/coordinator/throughput-log.js";

const at = (atMs: number) => ({ atMs, mapRecords: atMs, mapBytes: 0, reduceRecords: 0, reduceBytes: 0 });

test("a job of any length has some hundred samples, evenly spread, and the last one", () => {
  for (const lengthMs of [150, 60_000, 36_000_000]) {
    const log = new ThroughputLog();
    for (let ms = 0; ms < lengthMs; ms += 100) log.note(ms, () => at(ms));
    log.note(lengthMs, () => at(lengthMs), true);
    const times = log.samples.map(({ atMs }) => atMs);
    expect(times.length).toBeLessThanOrEqual(240);
    expect(times.length).toBeGreaterThan(Math.min(100, lengthMs / 100));
    expect([times[0], times.at(-1)]).toEqual([0, lengthMs]);
    const gaps = times.slice(1, -1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...gaps, 0)).toBeLessThanOrEqual(2 * Math.min(...gaps));
  }
});
