import type { JobReport } from "../coordinator/job-end.js";
import { samplePercentOf } from "./job-options.js";
import { outputsText } from "./outputs-text.js";
import { appFrames, Exit, exitCodes, signalExitCode } from "./program.js";

/** Of what a failed attempt has written; the rest only with --debug. */
const outputLinesShown = 10;

interface Given {
  readonly sample?: number | undefined;
  readonly quiet?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly debug?: boolean | undefined;
}

/** Says how a job has ended. Throws an Exit when that was not well; `stoppedBy` is the signal that ended it, if one did. */
export async function tellEnd(
  program: string,
  report: JobReport,
  stoppedBy: NodeJS.Signals | undefined,
  given: Given,
): Promise<void> {
  const { quiet = false, json = false, debug = false } = given;
  const samplePercent = samplePercentOf(given);
  if (json) process.stdout.write(`${JSON.stringify(asJson(report, samplePercent), null, 2)}\n`);
  if (report.snapshot.phase === "done") {
    if (!quiet) process.stderr.write(`${program}: ${await summaryOf(report, samplePercent)}\n`);
    return;
  }
  // It may have failed by itself just then.
  const isStopped = report.failure === undefined || report.failure.message === `stopped by ${stoppedBy}`;
  if (stoppedBy !== undefined && isStopped)
    throw new Exit(signalExitCode(stoppedBy), withWhatIsLeft(`stopped by ${stoppedBy}`, report));
  if (report.failure !== undefined) throw failed(report.failure, report, debug);
}

async function summaryOf(report: JobReport, samplePercent: number | undefined): Promise<string> {
  const { snapshot, view, directory, outputs, sideFiles } = report;
  const [{ summary }, { advice }] = await Promise.all([import("../status/summary.js"), import("../status/advice.js")]);
  return summary({ ...snapshot, samplePercent, advice: advice(view) }, outputsText(directory, outputs, sideFiles));
}

/** What of the job can be gone on with; undefined when nothing can. */
function whatIsLeft({ isResumable, snapshot: { maps, reduces } }: JobReport): string | undefined {
  if (!isResumable) return undefined;
  const [done, all] = [maps.completed + reduces.completed, maps.total + reduces.total];
  return `${done} of ${all} tasks are done, and the same command with --resume goes on`;
}

/** A message, and behind it what can be gone on with. */
export function withWhatIsLeft(message: string, report: JobReport): string {
  return [message, whatIsLeft(report)].filter((part) => part !== undefined).join("; ");
}

function failed(failure: NonNullable<JobReport["failure"]>, report: JobReport, debug: boolean): Exit {
  const stack = debug ? failure.stack : appFrames(failure);
  const details = [...(stack === undefined || stack === "" ? [] : [stack]), ...(failure.details ?? [])];
  if (failure.output !== undefined) details.push(...lastOutput(failure.output, debug ? Infinity : outputLinesShown));
  const left = whatIsLeft(report);
  if (left !== undefined) details.push(left);
  return new Exit(exitCodes.failed, `the job failed: ${failure.message}`, details.join("\n"));
}

/** What the failed attempt wrote last, so many lines of it. */
function lastOutput(output: string, linesMax: number): string[] {
  const lines = output.split("\n");
  const shown = lines.slice(-linesMax).map((line) => `    ${line}`);
  const hidden = lines.length - shown.length;
  return [`its last output${hidden === 0 ? "" : " (more with --debug)"}:`, ...shown];
}

function asJson({ snapshot, directory, outputs, sideFiles }: JobReport, samplePercent: number | undefined): unknown {
  const { map, reduce, ...rest } = snapshot;
  const withNames = ({ counters, ...numbers }: typeof map) => ({ ...numbers, counters: Object.fromEntries(counters) });
  return {
    ...rest,
    elapsedMs: Math.round(rest.elapsedMs),
    map: withNames(map),
    reduce: withNames(reduce),
    samplePercent,
    directory,
    outputs,
    sideFiles,
  };
}
