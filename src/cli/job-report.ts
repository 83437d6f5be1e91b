import type { JobReport } from "../coordinator/job-end.js";
import type { PoolFailure } from "../local/worker-pool.js";
import { badRecordsName } from "../output/names.js";
import { exitCodeOf } from "../terminal/exit.js";
import { samplePercentOf } from "../local/job-options.js";
import { outputsText, placeText } from "./outputs-text.js";
import { appPlace, Exit, exitCodes, say } from "./program.js";

/** The number of output lines of a failed attempt to show; --debug shows all. */
const outputLinesShown = 10;

interface Given {
  readonly sample?: number | undefined;
  readonly quiet?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly debug?: boolean | undefined;
}

/** Position of a job in a pipeline. */
interface StepPlace {
  readonly number: number;
  readonly count: number;
  /** Whether the output of the earlier steps is kept. */
  readonly isResumable: boolean;
}

/** How a job ended. */
export interface JobEnd {
  readonly report: JobReport;
  /** Undefined while workers may still run. */
  readonly poolFailure?: PoolFailure | undefined;
  /** The signal that ended the job, if any. */
  readonly stoppedBy?: NodeJS.Signals | undefined;
  /** Defined only for the last step that ran in a pipeline. */
  readonly step?: StepPlace | undefined;
  /** The reports of the earlier steps. */
  readonly earlierSteps?: readonly JobReport[];
}

/** Reports how a job ended. Throws an Exit unless it succeeded. */
export async function tellEnd(program: string, end: JobEnd, given: Given): Promise<void> {
  const { report, poolFailure, stoppedBy, earlierSteps = [] } = end;
  const hasBegun = poolFailure?.isUsersMistake !== true || earlierSteps.length > 0;
  if (!hasBegun && stoppedBy === undefined) {
    throw new Exit(exitCodes.usage, withWhatIsLeft(poolFailure.message, end));
  }
  if (given.json === true) {
    const { advice } = await import("../status/advice.js");
    process.stdout.write(`${JSON.stringify(asJson(end, samplePercentOf(given), advice), null, 2)}\n`);
  }
  if (report.snapshot.phase === "done") {
    await tellDone(program, end, given);
    return;
  }
  if (poolFailure !== undefined && stoppedBy === undefined) {
    throw new Exit(exitCodes.failed, withWhatIsLeft(poolFailure.message, end));
  }
  // The job may have failed by itself at that moment.
  const isStopped = report.failure === undefined || report.failure.message === `stopped by ${stoppedBy}`;
  if (stoppedBy !== undefined && isStopped)
    throw new Exit(exitCodeOf(stoppedBy), withWhatIsLeft(`stopped by ${stoppedBy}`, end));
  if (report.failure !== undefined) throw failed(report.failure, end, given.debug ?? false);
}

/** Summarizes a completed job. */
export async function tellDone(program: string, { report, step }: JobEnd, given: Given): Promise<void> {
  if (given.quiet === true) return;
  const [{ summary }, { advice }] = await Promise.all([import("../status/summary.js"), import("../status/advice.js")]);
  const { snapshot, view, directory, outputs, sideFiles } = report;
  const samplePercent = step === undefined || step.number === 1 ? samplePercentOf(given) : undefined;
  const isFollowed = step !== undefined && step.number < step.count;
  const places = {
    outputs: isFollowed ? `step ${step.number + 1}` : outputsText(directory, outputs, sideFiles),
    badRecords: placeText(directory, badRecordsName),
  };
  const text = summary({ ...snapshot, samplePercent, advice: advice(view) }, places);
  say(program, `${step === undefined ? "" : `${nameOf(step)} `}${text}`);
}

function nameOf({ number, count }: StepPlace): string {
  return `step ${number} of ${count}`;
}

/** The finished work that a resumed job keeps; undefined if nothing can be resumed. */
function whatIsLeft({ report, step }: JobEnd): string | undefined {
  const { maps, reduces } = report.snapshot;
  const [done, all] = [maps.completed + reduces.completed, maps.total + reduces.total];
  const tasks = report.isResumable ? [`${done} of ${all} tasks`] : [];
  const areStepsKept = step !== undefined && step.isResumable && step.number > 1;
  const steps = areStepsKept ? [`${step.number - 1} of ${step.count} steps`] : [];
  if (steps.length + tasks.length === 0) return undefined;
  const isOne = steps.length === 1 && step?.number === 2 && tasks.length === 0;
  return `${[...steps, ...tasks].join(" and ")} ${isOne ? "is" : "are"} done; to continue, run the same command with --resume`;
}

/** Appends the finished work to a message. */
function withWhatIsLeft(message: string, end: JobEnd): string {
  return [message, whatIsLeft(end)].filter((part) => part !== undefined).join("; ");
}

function failed(failure: NonNullable<JobReport["failure"]>, end: JobEnd, debug: boolean): Exit {
  const stack = debug ? failure.stack : appPlace(failure);
  const details = [...(stack === undefined || stack === "" ? [] : [stack]), ...(failure.details ?? [])];
  if (failure.output !== undefined) details.push(...lastOutput(failure.output, debug ? Infinity : outputLinesShown));
  const left = whatIsLeft(end);
  if (left !== undefined) details.push(left);
  return new Exit(
    exitCodes.failed,
    `${end.step === undefined ? "the job" : nameOf(end.step)} failed: ${failure.message}`,
    details.join("\n"),
  );
}

/** The last lines that the failed attempt wrote. */
function lastOutput(output: string, linesMax: number): string[] {
  const lines = output.split("\n");
  const shown = lines.slice(-linesMax).map((line) => `    ${line}`);
  const hidden = lines.length - shown.length;
  return [`its last output${hidden === 0 ? "" : " (more with --debug)"}:`, ...shown];
}

function asJson(
  { report, step, earlierSteps = [] }: JobEnd,
  samplePercent: number | undefined,
  advice: (view: JobReport["view"]) => string[],
): unknown {
  // Not always 1: a resumed pipeline omits the steps that were already done.
  const firstNumber = (step?.number ?? 1) - earlierSteps.length;
  const stepAsJson = (each: JobReport, index: number) => ({
    ...reportAsJson(each),
    advice: each.snapshot.phase === "done" ? advice(each.view) : [],
    samplePercent: firstNumber + index === 1 ? samplePercent : undefined,
  });
  const steps = earlierSteps.length === 0 ? {} : { earlierSteps: earlierSteps.map(stepAsJson) };
  return { ...stepAsJson(report, earlierSteps.length), ...steps };
}

function reportAsJson({ snapshot, directory, outputs, sideFiles }: JobReport): object {
  const { map, reduce, ...rest } = snapshot;
  const withNames = ({ counters, ...numbers }: typeof map) => ({ ...numbers, counters: Object.fromEntries(counters) });
  return {
    ...rest,
    elapsedMs: Math.round(rest.elapsedMs),
    map: withNames(map),
    reduce: withNames(reduce),
    directory,
    outputs,
    sideFiles,
  };
}
