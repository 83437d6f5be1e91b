import { simulate } from "./simulation.js";

interface Result {
  /** The seeds of the simulations that failed. */
  readonly failures: readonly number[];
  /** How often each event happened in all simulations. */
  readonly counts: ReadonlyMap<string, number>;
  /** The same for display. */
  readonly summary: string;
}

/** Runs this many simulations. */
export function runSeeds(from: number, count: number): Result {
  const started = process.cpuUsage();
  const counts = new Map<string, number>();
  const failures: number[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const { failure, outcome, counts: own } = simulate(seed);
    if (failure !== undefined) failures.push(seed);
    for (const [what, n] of [...own, [`the job is ${outcome}`, 1] as const])
      counts.set(what, (counts.get(what) ?? 0) + n);
  }
  // Processor time: the load of the machine does not matter.
  const seconds = process.cpuUsage(started).user / 1e6;
  const lines = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, n]) => `${String(n).padStart(8)}  ${what}`);
  const speed = `${count} simulations in ${seconds.toFixed(1)} s of processor time, ${Math.round(count / seconds)} a second`;
  return { failures, counts, summary: [...lines, speed].join("\n") };
}
