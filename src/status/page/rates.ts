import type { ThroughputSample } from "../../model/job-view.js";

/** The work done per second between two times. */
export interface Rate {
  readonly fromMs: number;
  readonly toMs: number;
  readonly mapRecords: number;
  readonly mapBytes: number;
  readonly reduceRecords: number;
  readonly reduceBytes: number;
}

const names = ["mapRecords", "mapBytes", "reduceRecords", "reduceBytes"] as const;

/** Workers report their progress every second: shorter steps would show the reports, not the work. */
const stepLeastMs = 1000;
const stepsMax = 120;

/**
 * Rates over steps of equal length, computed from running sums. A sum may decrease when an attempt is lost: then
 * nothing was done in that step.
 */
export function ratesOf(samples: readonly ThroughputSample[], elapsedMs: number): Rate[] {
  const endMs = Math.max(elapsedMs, samples.at(-1)?.atMs ?? 0);
  if (endMs <= 0 || samples.length === 0) return [];
  // A job of a few seconds needs more than three steps.
  const leastMs = Math.min(stepLeastMs, Math.max(100, endMs / 12));
  const steps = Math.max(1, Math.min(stepsMax, Math.floor(endMs / leastMs)));
  const stepMs = endMs / steps;
  return Array.from({ length: steps }, (_, step) => {
    const [fromMs, toMs] = [step * stepMs, (step + 1) * stepMs];
    const rates = { mapRecords: 0, mapBytes: 0, reduceRecords: 0, reduceBytes: 0 };
    for (const name of names) {
      const done = valueAt(samples, name, toMs) - valueAt(samples, name, fromMs);
      rates[name] = (Math.max(0, done) / stepMs) * 1000;
    }
    return { fromMs, toMs, ...rates };
  });
}

/** The sum at that time: it grows linearly between two samples, starting from 0 before the first. */
function valueAt(samples: readonly ThroughputSample[], name: (typeof names)[number], ms: number): number {
  let before = { atMs: 0, value: 0 };
  for (const sample of samples) {
    const value = sample[name];
    if (sample.atMs >= ms) {
      const part = sample.atMs === before.atMs ? 1 : (ms - before.atMs) / (sample.atMs - before.atMs);
      return before.value + (value - before.value) * part;
    }
    before = { atMs: sample.atMs, value };
  }
  return before.value;
}
