/**
 * What is measured of an attempt, and sums of it; `attemptMeasures` of the protocol says what each number is. Apart from the
 * protocol, whose schemas the thread of an app does without.
 */
import { countersMax } from "./attempt-limits.js";

/** What goes in and comes out. */
export const flowNames = ["recordsIn", "recordsOut", "bytesIn", "bytesOut"] as const;
const numberNames = [...flowNames, "keys", "spills", "spilledBytes"] as const;

export type Flow = Record<(typeof flowNames)[number], number>;
type Numbers = Record<(typeof numberNames)[number], number>;

/** What was measured of an attempt, or of several ones, as it is told. */
export type Measures = Numbers & { counters: [name: string, count: number][] };

/** Sums over attempts, while these come and go. */
export type Totals = Numbers & { readonly counters: Map<string, number> };

export function noFlow(): Flow {
  return { recordsIn: 0, recordsOut: 0, bytesIn: 0, bytesOut: 0 };
}

export function noTotals(): Totals {
  return { ...noFlow(), keys: 0, spills: 0, spilledBytes: 0, counters: new Map() };
}

/** Those of an attempt that has done nothing. */
export function noMeasures(): Measures {
  return measuresOfTotals(noTotals());
}

/** Adds those of an attempt; with the sign -1, takes them back. */
export function addMeasures(totals: Totals, attempt: Readonly<Measures>, sign: 1 | -1): void {
  for (const name of numberNames) totals[name] += sign * attempt[name];
  const { counters } = totals;
  for (const [name, n] of attempt.counters) counters.set(name, (counters.get(name) ?? 0) + sign * n);
}

/** Why these of an attempt cannot be added; undefined when they can. */
export function excessOf({ counters }: Totals, attempt: Readonly<Measures>): string | undefined {
  const added = attempt.counters.filter(([name]) => !counters.has(name)).length;
  if (counters.size + added <= countersMax || added === 0) return undefined;
  return `a job may have ${countersMax} counters in its map tasks and as many in its reduce tasks; emit pairs to count more`;
}

export function measuresOfTotals({ counters, ...numbers }: Totals): Measures {
  return { ...numbers, counters: [...counters] };
}

/** The measures alone of what says more of an attempt. */
export function measuresOfAttempt(attempt: Readonly<Measures>): Measures {
  const { recordsIn, recordsOut, bytesIn, bytesOut, keys, spills, spilledBytes, counters } = attempt;
  return { recordsIn, recordsOut, bytesIn, bytesOut, keys, spills, spilledBytes, counters };
}
