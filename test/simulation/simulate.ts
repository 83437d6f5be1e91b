/**
 * Runs simulations: `npm run sim -- --seeds 10000 [--from 1]`, or one of them with all that happens: `--seed 123`. Ends with 1
 * when one fails, and shows its shortest history.
 */
import { parseArgs } from "node:util";
import { runSeeds } from "./seeds.js";
import { shrink } from "./shrink.js";
import { simulate } from "./simulation.js";

const { values } = parseArgs({
  options: { seeds: { type: "string" }, seed: { type: "string" }, from: { type: "string" } },
});

const { seed } = values;
if (seed !== undefined) show(Number(seed), new Set());
else {
  const [from, count] = [Number(values.from ?? 1), Number(values.seeds ?? 1000)];
  const { failures, summary } = runSeeds(from, count);
  console.log(summary);
  const [first] = failures;
  if (first !== undefined) {
    console.log(`failed: ${failures.length}; seeds ${failures.slice(0, 20).join(", ")}`);
    console.log(`the shortest history with which seed ${first} fails:`);
    show(first, shrink(first));
  }
}

function show(number: number, without: ReadonlySet<number>): void {
  const report = simulate(number, without, (line) => {
    console.log(line);
  });
  console.log(
    report.failure === undefined ? `${report.outcome} after ${report.elapsedMs} ms` : `FAILED: ${report.failure}`,
  );
  if (report.failure !== undefined) process.exitCode = 1;
}
