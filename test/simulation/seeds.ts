import { simulate } from "./simulation.js";

/** Runs so many simulations: the seeds of those that failed, and what happened in all of them, for people. */
export function runSeeds(from: number, count: number): { failures: number[]; summary: string } {
  const startedMs = performance.now();
  const totals = new Map<string, number>();
  const failures: number[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const { failure, outcome, counts } = simulate(seed);
    if (failure !== undefined) failures.push(seed);
    for (const [what, n] of [...counts, [`job ${outcome}`, 1] as const]) totals.set(what, (totals.get(what) ?? 0) + n);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const lines = [...totals]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, n]) => `${String(n).padStart(8)}  ${what}`);
  const speed = `${count} simulations in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second`;
  return { failures, summary: [...lines, speed].join("\n") };
}
