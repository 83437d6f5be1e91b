import fc from "fast-check";
import { expect, test } from "vitest";
import { Durations } from "../../../src/scheduler/job/durations.js";

const durationsMs = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 });

test("the median of durations is right within a tenth, or a millisecond", () => {
  fc.assert(
    fc.property(durationsMs, (times) => {
      const sorted = [...times].sort((a, b) => a - b);
      const exact = sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
      expect(Math.abs(summed(times).medianMs - exact)).toBeLessThanOrEqual(Math.max(1, exact * 0.1));
    }),
  );
});

test("buckets count the durations below each power of two in milliseconds, up to all", () => {
  fc.assert(
    fc.property(durationsMs, (times) => {
      const buckets = summed(times).buckets();
      for (const [ms, count] of buckets) expect(count).toBe(times.filter((time) => time < ms).length);
      expect(buckets.at(-1)?.[1]).toBe(times.length);
    }),
  );
});

test("an empty list has a median of zero, and one bucket", () => {
  const { medianMs, count } = new Durations();
  expect([medianMs, count, new Durations().buckets()]).toEqual([0, 0, [[1, 0]]]);
});

function summed(times: readonly number[]): Durations {
  const durations = new Durations();
  for (const time of times) durations.add(time);
  return durations;
}
