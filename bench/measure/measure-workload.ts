import { mkdir, rm } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Contender, Workload } from "../workloads/workload.js";
import { judge, OutputCheck, type Output, type Verdict } from "./outputs.js";
import { CommandError, runCommand, type Measurement } from "./run-command.js";

export interface MeasureOptions {
  readonly runs: number;
  readonly timeoutMs: number;
  /** Directory for outputs; emptied before each run. */
  readonly work: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The directory of a contender's input. */
  readonly dataDirectory: (contender: Contender) => string;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** A program that takes longer than this many seconds the first time gets at most this many runs. */
const [slowSeconds, slowRuns] = [30, 2] as const;
/** The most runs of a program without a target. */
const otherRuns = 3;

/** How often to measure a contender whose warm-up took that long. */
export function runsOf(contender: Contender, warmUpSeconds: number, runs: number): number {
  if (contender.runs !== undefined) return Math.min(contender.runs, runs);
  if (contender.peer === "mr") return runs;
  if (warmUpSeconds > slowSeconds) return Math.min(slowRuns, runs);
  return contender.target === undefined ? Math.min(otherRuns, runs) : runs;
}

/** A contender's result: an error, or an output and the time of each run. */
export interface ContenderResult {
  readonly contender: Contender;
  readonly measurements: readonly Measurement[];
  readonly verdict: Verdict;
  /** Why it failed; then there are no measurements. */
  readonly failure?: string;
}

interface Runner {
  readonly contender: Contender;
  readonly measurements: Measurement[];
  readonly check: OutputCheck;
  warmUpSeconds: number;
  isUnstable: boolean;
  failure?: string;
}

/**
 * Runs contenders in turn, after a warm-up of each. Compares the contenders' first outputs with each other, and later
 * outputs of each contender with its first.
 */
export async function measureWorkload(
  workload: Workload,
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<ContenderResult[]> {
  const runners = contenders.map(runnerOf);
  // Round 0 is the warm-up.
  for (let round = 0; round <= options.runs; round++) {
    for (const runner of runners) {
      const { contender, warmUpSeconds } = runner;
      if (round === 0 ? contender.cold : round > runsOf(contender, warmUpSeconds, options.runs)) continue;
      if (runner.isUnstable || runner.failure !== undefined) continue;
      await runOnce(workload, runner, round, options);
    }
  }
  return resultsOf(runners);
}

/** Runs each contender once, without measuring it, and compares their outputs with each other. */
export async function runOnceEach(
  workload: Workload,
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<ContenderResult[]> {
  const runners = contenders.map(runnerOf);
  for (const runner of runners) await runOnce(workload, runner, 0, options);
  return resultsOf(runners);
}

function runnerOf(contender: Contender): Runner {
  return {
    contender,
    measurements: [],
    check: new OutputCheck(contender.canonical),
    warmUpSeconds: 0,
    isUnstable: false,
  };
}

function resultsOf(runners: readonly Runner[]): ContenderResult[] {
  const outputs = runners.flatMap(({ contender, check: { digest } }): Output[] =>
    digest === undefined ? [] : [{ ...contender, data: contender.data.name, digest }],
  );
  const verdicts = judge(outputs);
  return runners.map(({ contender, measurements, isUnstable, failure }) => ({
    contender,
    measurements: failure === undefined ? measurements : [],
    verdict: isUnstable ? "unstable" : (verdicts.get(contender.name) ?? "unchecked"),
    ...(failure !== undefined && { failure }),
  }));
}

async function runOnce(workload: Workload, runner: Runner, round: number, options: MeasureOptions): Promise<void> {
  const { contender, measurements } = runner;
  const directory = join(options.work, workload.name, "output");
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  // The next program must not pay for data that the previous one left unwritten.
  execFileSync("sync");
  const environment = { ...options.environment, DATA: options.dataDirectory(contender) };
  const label = `${workload.name}: ${contender.name}, ${round === 0 ? "warm-up" : `run ${round}`}`;
  try {
    const measurement = await runCommand(contender.command, { ...options, directory, environment });
    if (round > 0) measurements.push(measurement);
    else runner.warmUpSeconds = measurement.seconds;
    options.progress(`${label}: ${measurement.seconds.toFixed(2)} s`);
    const context = { cwd: directory, env: environment, signal: options.signal };
    if (await runner.check.isSame(context)) return;
    runner.isUnstable = true;
    options.progress(`${label}: its output differs from its first run's`);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    const message = error instanceof CommandError ? error.message : `its output is wrong: ${error.message}`;
    runner.failure = message.replaceAll(environment.DATA, "$DATA").replaceAll(directory, ".");
    options.progress(`${label}: ${runner.failure}`);
  }
}
