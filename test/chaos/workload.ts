import { fileURLToPath } from "node:url";
import { planFaults, type PlannedFault } from "./fault-plan.js";
import { makeInputs, type Input } from "./inputs.js";
import type { AppName } from "./oracle.js";
import { Random } from "./random.js";

/** One job, determined entirely by its seed. */
export interface JobPlan {
  readonly seed: number;
  /** `run`: `mr run`. `pair`: a coordinator, and workers as separate processes. */
  readonly mode: "run" | "pair";
  readonly app: AppName;
  /** As the user types it. */
  readonly typedApp: string;
  readonly args: Readonly<Record<string, string>>;
  readonly inputs: readonly Input[];
  readonly workers: number;
  readonly reducers: number;
  readonly taskTimeoutMs: number;
  /** More options of the coordinator. */
  readonly options: readonly string[];
  /** More options of each worker. */
  readonly workerOptions: readonly string[];
  readonly faults: readonly PlannedFault[];
}

const apps: Readonly<Record<AppName, number>> = {
  wc: 3,
  grep: 2,
  indexer: 2,
  "slow-lines": 5,
  "big-values": 2,
  flaky: 2,
  "bad-records": 2,
  "three-steps": 4,
};

/** Plans a job, without anything named in `without`. */
export function planJob(seed: number, without: ReadonlySet<string>): JobPlan {
  const random = new Random(seed);
  const left = Object.entries(apps).filter(([name]) => !without.has(name));
  const app = random.pickWeighted<AppName>(Object.fromEntries(left));
  // Only `mr run` runs the steps of an app in turn.
  const mode = app === "three-steps" ? "run" : random.pick(["run", "pair"] as const);
  const isSmall = random.chance(0.2);
  // Each crash of a flaky task costs the start of a process.
  const sizeBytesMax = app === "flaky" ? 300_000 : 1_500_000;
  const sizeBytes = isSmall ? random.integer(0, 20_000) : random.integer(100_000, sizeBytesMax);
  const badLines = app === "bad-records" ? random.integer(1, 6) : 0;
  const inputs = makeInputs(random, { files: random.integer(1, 12), sizeBytes, badLines });
  const splitSize = random.pick(["8KiB", "32KiB", "128KiB", "1MiB"]);
  const taskTimeoutMs = random.integer(1000, 2000);
  const reducers = random.integer(1, 6);
  const options = ["--split-size", splitSize, "--max-crashes", "100000"];
  if (app === "big-values" || random.chance(0.3)) options.push("--memory", "1MiB");
  if (random.chance(0.2)) options.push("--backup-tasks", "off");
  const hasTimeout = random.chance(0.2);
  if (hasTimeout) options.push("--attempt-timeout", "4s");
  // Where only a full disk counts as an error, a job may fail because of a disk that stays full.
  const hasErrors = hasTimeout || app === "flaky" || app === "bad-records";
  if (hasErrors || random.chance(0.7)) options.push("--max-attempts", "1000");
  if (app === "bad-records") options.push("--skip-bad-records", "100");
  return {
    seed,
    mode,
    app,
    typedApp: ["wc", "grep", "indexer"].includes(app) ? app : fileURLToPath(new URL(`apps/${app}.js`, import.meta.url)),
    args: argumentsOf(app, random, inputs),
    inputs,
    workers: random.integer(1, 4),
    reducers,
    taskTimeoutMs,
    options,
    workerOptions: ["--reconnect-timeout", "3s"],
    faults: planFaults(random, { mode, taskTimeoutMs, reducers }, without),
  };
}

function argumentsOf(app: AppName, random: Random, inputs: readonly Input[]): Record<string, string> {
  switch (app) {
    case "grep":
      return { pattern: random.pick(["[ae]b", "^.{40,60}$", "42 .*,", "\\p{Lu}", "nothing like it"]) };
    case "slow-lines":
      return {
        how: random.pick(["await", "block"]),
        // All lines together pause for some seconds.
        pauseEvery: String(Math.ceil(inputs.reduce((sum, { text }) => sum + text.length / 100, 0) / 300) + 1),
        pauseMs: String(random.integer(5, 20)),
        stragglerMs: String(random.integer(0, 3000)),
      };
    case "big-values":
      return { repeat: String(random.integer(1, 20)) };
    case "flaky":
      return { probability: String(random.pick([0.02, 0.1, 0.2])) };
    default:
      return {};
  }
}
