/**
 * Runs simulations: `npm run sim -- --seeds 10000 [--from 1]`, or a single one with all its events: `--seed 123`. Shows
 * the shortest history of the first failure, and ends with exit code 1.
 */
import { parseArgs } from "node:util";
import { runSeeds } from "./seeds.js";
import { shrink } from "./shrink.js";
import { simulate } from "./simulation.js";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
  },
});

if (values.seed === undefined) runMany(Number(values.from), Number(values.seeds));
else show(Number(values.seed), undefined);

function runMany(from: number, count: number): void {
  const { failures, summary } = runSeeds(from, count);
  console.log(summary);
  const [first] = failures;
  if (first === undefined) return;
  console.log(
    `\n${failures.length} failed: seeds ${failures.slice(0, 20).join(", ")}${failures.length > 20 ? ", …" : ""}`,
  );
  const { faults } = simulate(first);
  const kept = shrink(faults.length, (some) => simulate(first, { faults: new Set(some) }).failure !== undefined);
  console.log(`seed ${first} fails with ${kept.length} of its ${faults.length} faults:\n`);
  show(first, new Set(kept));
}

function show(seed: number, faults: ReadonlySet<number> | undefined): void {
  const { failure, outcome, elapsedMs } = simulate(seed, { faults, trace: (line) => console.log(line) });
  console.log(failure === undefined ? `${outcome} after ${elapsedMs} ms` : `FAILED: ${failure}`);
  if (failure !== undefined) process.exitCode = 1;
}
