/** Messages to the user about a task that fails its job, and about a worker that dies. */
import { type HasKind, formatOf } from "../../model/input-kinds.js";
import { locate } from "../../model/record-position.js";
import type { JobFailure, JobState, Slot } from "./job.js";
import { type Task, type TaskError, taskName } from "./task.js";

/** A worker whose memory grew less was hardly killed for its memory. */
const grownBytesMin = 128 * 2 ** 20;

/** The app's own message first, then where it happened, then other details. */
export function failureAt({ app }: JobState, task: Task, error: TaskError, details: string[]): JobFailure {
  const { message, stack, record, atWork, output } = error;
  const place = record === undefined ? [] : placeOf(record, task, app);
  const given = atWork === undefined ? [] : [atWork];
  return { message: `${taskName(task)}: ${message}`, stack, details: [...place, ...given, ...details], output };
}

/** Says at which record of its input a map task failed. If the record is the whole input, the task's name suffices. */
function placeOf(position: number, { splits = [] }: Task, app: JobState["app"]): string[] {
  const { split, offset } = locate(position, splits);
  const input = app && formatOf<HasKind>(app, split).input;
  const isWhole = offset === split.startBytes && (input === "file" || input === "text");
  if (isWhole) return splits.length === 1 ? [] : [`in ${split.file}`];
  // The engine counts the records of an app's own reader, and does not know their offsets.
  const which = input === "own" ? `at record ${offset}` : `at the record that begins at byte ${offset}`;
  return [`${which} of ${split.file}`];
}

/** Names the option that skips bad records, when it could help: the whole file as one record cannot be skipped. */
export function adviceToSkip({ app, settings }: JobState, { splits = [] }: Task, position: number): string[] {
  const input = app && formatOf<HasKind>(app, locate(position, splits).split).input;
  return settings.badRecordsMax > 0 || input === "file"
    ? []
    : ["if that record is at fault, --skip-bad-records 1 skips it"];
}

/** A count and its noun. */
export function times(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

/**
 * Describes how much a worker grew in its attempt, by its last heartbeat. The system may have killed it for that. Empty
 * when it grew little.
 */
export function growthText({ running, memoryBytes }: Slot): string {
  if (running === undefined) return "";
  const { job, task, attempt } = running;
  const { settings, app } = job;
  const { memoryBytesBefore: before, records, bytes } = attempt;
  if (before === 0 || memoryBytes - before < grownBytesMin) return "";
  const [split, ...others] = task.splits ?? [];
  const isAtByte = split !== undefined && others.length === 0 && app?.input !== "own";
  const place = isAtByte ? `, near byte ${(split.contents ?? split).startBytes + bytes} of ${split.file}` : "";
  const what = task.kind === "map" ? "records" : "values";
  const pairs =
    task.kind === "map" ? `, of which the engine's pairs may take ${inMebibytes(settings.collectorBytes)}` : "";
  return (
    `; when last heard, it had done ${records} ${what} in this attempt${place}, ` +
    `and its process had grown from ${inMebibytes(before)} to ${inMebibytes(memoryBytes)}${pairs}`
  );
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
