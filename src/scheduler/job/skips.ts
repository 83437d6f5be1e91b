/**
 * The records that attempts skip by themselves, because `map` threw at them twice. They count once their attempt
 * commits. So an attempt that is lost adds nothing, whatever it skipped.
 */
import { isPositionIn, locate } from "../../model/record-position.js";
import { formatOf } from "../../model/input-kinds.js";
import type { NewlySkipped } from "../../model/attempt.js";
import type { RecordPlace, Split } from "../../model/split.js";
import type { JobEffect } from "./effects.js";
import type { JobState, SkippedRecord } from "./job.js";
import { type FailedOutcome, type Task, taskName } from "./task.js";

/** The number of bad records that the log names. */
const skipsLoggedMax = 5;
const loggedCharactersMax = 200;

/** The records of a report that the job does not skip yet. */
function freshRecords(task: Task, { messages, frames, records }: NewlySkipped): SkippedRecord[] {
  const seen = new Set<number>();
  return records.flatMap(([offset, , messageIndex, framesIndex]) => {
    if (task.skip.has(offset) || seen.has(offset)) return [];
    seen.add(offset);
    const message = messages[messageIndex] ?? "";
    const shown = frames[framesIndex] ?? "";
    return [{ task: task.index, offset, error: shown === "" ? { message } : { message, stack: `${message}${shown}` } }];
  });
}

/** Why an attempt cannot commit with these skipped records; undefined when it can. */
export function excessOfSkips(
  state: JobState,
  task: Task,
  skips: NewlySkipped | undefined,
): Omit<FailedOutcome, "type"> | undefined {
  if (skips === undefined) return undefined;
  const { splits = [] } = task;
  const isValid = ([offset, , message, frames]: NewlySkipped["records"][number]) =>
    isPositionIn(splits, offset) && message < skips.messages.length && frames < skips.frames.length;
  if (task.kind !== "map" || !skips.records.every(isValid)) {
    return { class: "error", message: "it reported skipped records that its task does not have" };
  }
  const left = state.settings.badRecordsMax - state.skipped.length;
  const fresh = freshRecords(task, skips);
  const excess = fresh[left];
  if (excess === undefined) return undefined;
  return { class: "error", ...excess.error, record: excess.offset, skippedBefore: left };
}

/** Adds the records that a committed attempt skipped to the job's list. */
export function takeSkips(state: JobState, task: Task, skips: NewlySkipped | undefined, effects: JobEffect[]): void {
  if (skips === undefined) return;
  for (const skipped of freshRecords(task, skips)) {
    task.skip.add(skipped.offset);
    state.skipped.push(skipped);
    logSkip(state, task, skipped, `: ${firstLine(skipped.error.message)}`, effects);
  }
}

/** The places of all records that an attempt skipped, in the order of the input. */
export function placesOf(skipped: readonly RecordPlace[], skips: NewlySkipped | undefined): readonly RecordPlace[] {
  if (skips === undefined) return skipped;
  const places = [...skipped, ...skips.records.map(([offset, endOffset]) => ({ offset, endOffset }))];
  return places.sort((a, b) => a.offset - b.offset);
}

/** Logs that the job skips a record; `why` completes the sentence. A job may have thousands, so the log names only the first. */
export function logSkip(
  state: JobState,
  task: Task,
  { offset }: SkippedRecord,
  why: string,
  effects: JobEffect[],
): void {
  if (state.skipped.length > skipsLoggedMax) return;
  const { splits = [] } = task;
  const place = locate(offset, splits);
  const inFile = splits.length > 1 ? ` of ${place.split.file}` : "";
  const where = isOwnReader(state, place.split) ? `record ${place.offset}` : `the record at byte ${place.offset}`;
  effects.push({ type: "log", level: "warn", message: `${taskName(task)}: ${where}${inFile} is skipped${why}` });
  if (state.skipped.length === skipsLoggedMax) {
    const rest = "further bad records are skipped without a message; the file of bad records has them all";
    effects.push({ type: "log", level: "warn", message: rest });
  }
}

function isOwnReader({ app }: JobState, split: Split): boolean {
  return app !== undefined && formatOf(app, split).input === "own";
}

/** Whether the log names no more bad records. */
export function isSkipLogFull({ skipped }: JobState): boolean {
  return skipped.length >= skipsLoggedMax;
}

function firstLine(text: string): string {
  const [line = ""] = text.split("\n", 1);
  return line.length <= loggedCharactersMax ? line : `${line.slice(0, loggedCharactersMax)}…`;
}
