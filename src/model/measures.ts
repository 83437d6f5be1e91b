/**
 * The measurements of an attempt, and their sums; `attemptMeasures` of the protocol explains each number. Separate from
 * the protocol, because the app's thread does not load its schemas.
 */
import { countersMax } from "./attempt-limits.js";

/** Input and output. */
export const flowNames = ["recordsIn", "recordsOut", "bytesIn", "bytesOut"] as const;
const numberNames = [...flowNames, "keys", "spills", "spilledBytes"] as const;

export type Flow = Record<(typeof flowNames)[number], number>;
type Numbers = Record<(typeof numberNames)[number], number>;

/** The measurements of one or more attempts, as sent. */
export type Measures = Numbers & { counters: Count[] };

/** A counter of the app, and its total. */
export type Count = [name: string, count: number];

/** Running sums over attempts, which may also be subtracted. */
export type Totals = Numbers & { readonly counters: Map<string, number> };

export function noFlow(): Flow {
  return { recordsIn: 0, recordsOut: 0, bytesIn: 0, bytesOut: 0 };
}

export function noTotals(): Totals {
  return { ...noFlow(), keys: 0, spills: 0, spilledBytes: 0, counters: new Map() };
}

/** The measurements of an attempt that has done nothing. */
export function noMeasures(): Measures {
  return measuresOfTotals(noTotals());
}

/** Adds the measurements of an attempt, or with sign -1 subtracts them. */
export function addMeasures(totals: Totals, attempt: Readonly<Measures>, sign: 1 | -1): void {
  for (const name of numberNames) totals[name] += sign * attempt[name];
  const { counters } = totals;
  for (const [name, n] of attempt.counters) counters.set(name, (counters.get(name) ?? 0) + sign * n);
}

/** Says why an attempt's measurements cannot be added; undefined if they can. */
export function excessOf({ counters }: Totals, attempt: Readonly<Measures>): string | undefined {
  const added = attempt.counters.filter(([name]) => !counters.has(name)).length;
  if (counters.size + added <= countersMax || added === 0) return undefined;
  return `a job may have ${countersMax} counters in its map tasks and as many in its reduce tasks; emit pairs to count more`;
}

/** The totals of the counters of a job, given those of its map and of its reduce tasks. */
export function sumsOfCounters(...counters: readonly Iterable<readonly [name: string, count: number]>[]): Count[] {
  const sums = new Map<string, number>();
  for (const ofTasks of counters) for (const [name, n] of ofTasks) sums.set(name, (sums.get(name) ?? 0) + n);
  return [...sums];
}

export function measuresOfTotals({ counters, ...numbers }: Totals): Measures {
  return { ...numbers, counters: [...counters] };
}

/** Extracts the measurements from a larger report of an attempt. */
export function measuresOfAttempt(attempt: Readonly<Measures>): Measures {
  const { recordsIn, recordsOut, bytesIn, bytesOut, keys, spills, spilledBytes, counters } = attempt;
  return { recordsIn, recordsOut, bytesIn, bytesOut, keys, spills, spilledBytes, counters };
}
