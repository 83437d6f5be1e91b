/**
 * `npm run fuzz -- [--inputs <n>] [--seed <n>] [--only <target>] [--path <path>]`: feeds generated inputs to all code
 * that reads data written by others. Each target gets the same number of inputs. Prints what it did; the exit code is 1
 * when an input caused a failure. A finding prints the seed and path with which `--only` reproduces it at once.
 */
import { parseArgs } from "node:util";
import { targets } from "./targets.js";
import { watched } from "./watchdog.js";

const usage = "usage: npm run fuzz -- [--inputs <n>] [--seed <n>] [--only <target>] [--path <path>]";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      inputs: { type: "string", default: "100000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
      only: { type: "string" },
      path: { type: "string" },
    },
  });
  const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
  const names = values.only === undefined ? Object.keys(targets) : [values.only];
  if (!Number.isSafeInteger(inputs) || inputs < 1 || !Number.isSafeInteger(seed)) throw new Error(usage);
  let failed = 0;
  for (const name of names) if (!(await fuzz(name, seed, inputs, values.path))) failed++;
  return failed === 0 ? 0 : 1;
}

async function fuzz(name: string, seed: number, inputs: number, path: string | undefined): Promise<boolean> {
  const target = targets[name];
  if (target === undefined) throw new Error(`there is no target ${name}; there are ${Object.keys(targets).join(", ")}`);
  const startedMs = performance.now();
  const { inputs: tried, finding } = await watched(`${name}, seed ${seed}`, () => target(seed, inputs, path));
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${name}: ${tried} inputs in ${seconds} s, seed ${seed}: ${finding === undefined ? "ok" : "FAILED"}`);
  if (finding === undefined) return true;
  console.log(`again: npm run fuzz -- --only ${name} --seed ${finding.seed} --path ${finding.path}`);
  console.log(`shortest input: ${finding.counterexample}`);
  console.log(finding.error);
  return false;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
