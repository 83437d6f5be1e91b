/**
 * What happens to a task that loses an attempt. The task is retried; how often depends on the cause:
 *
 *     error, timeout, memory        most likely the app's fault: `maxAttempts`, then the job fails
 *     io                            a full disk, for example: the same, but with delays in between
 *     crash                         the thread or process died, whatever the cause: `maxCrashes`
 *     damaged                       another task's files: that task runs again, then this one
 *     released                      a worker was told to leave: no limit
 *     fatal                         no retry can help: the job fails at once
 *
 * A sample task never fails the job: after too many attempts it is given up. If the app is at fault, the map fails in
 * the same way and reports the error. Nor does a combine task, which only saves time: it is given up at its first error or
 * second crash, and when its file is lost.
 *
 * With bad records allowed, an attempt itself skips the records at which `map` throws (`skips.ts`). The record at which
 * two attempts ended for another reason, such as a crash, is skipped, and these two no longer count (paper section 4.6).
 * So a split may have any number of bad records, up to the limit of the job. If an attempt ends while several
 * records are in flight, the next attempts of its task map one record at a time, and end at the record to blame.
 */
import { noMeasures } from "../../model/measures.js";
import { isPositionIn } from "../../model/record-position.js";
import { release } from "./attempts.js";
import { scheduleBackup } from "./backups.js";
import { combineOfFile } from "./combine-tasks.js";
import { complete, undoCompletion } from "./commit.js";
import type { JobEffect } from "./effects.js";
import { type JobFailure, type JobState, type Slot, hasEnded, mapsAreDone } from "./job.js";
import { adviceToSkip, failureAt, times } from "./failure-text.js";
import { failJob } from "./phases.js";
import { isSkipLogFull, logSkip } from "./skips.js";
import { type Attempt, type FailedOutcome, type Task, taskName } from "./task.js";
import { moveAttempt, moveTask } from "./transitions.js";

type Loss = Omit<FailedOutcome, "type">;

/** The time that further attempts of a combine task take would no longer be saved. */
const combineCrashesMax = 2;

/** After two attempts end at the same record, the record is to blame. */
const failuresOfBadRecord = 2;

/** Handles the loss of the attempt that this worker runs: retries the task, unless that happened too often. */
export function loseAttempt(state: JobState, slot: Slot, reported: Loss, now: number, effects: JobEffect[]): void {
  const { task, attempt } = release(slot);
  const loss = withKnownRecord(reported, task);
  moveAttempt(task, attempt, "lost", now);
  task.attempts.delete(attempt.number);
  scheduleBackup(state, task);
  task.failedOn.add(slot.id);
  const last = task.attempts.size === 0;
  moveTask(task, last ? "last attempt lost" : "attempt lost", `${loss.class} on ${slot.id}`, now);
  if (loss.class === "io") putOff(state, task, now);
  if (last) {
    state.inProgress.delete(task);
    state.pending[task.kind].push(task);
  }
  if (hasEnded(state)) {
    state.timeline.addCancelled(task, attempt, now);
    return;
  }
  state.timeline.addLost(task, attempt, loss, now);
  slot.lost += 1;
  const description = `${taskName(task)}, attempt ${attempt.number} on ${slot.id}`;
  const isKnown = task.firstError?.message === loss.message;
  const message = `${description}: ${isKnown ? "the same error again" : loss.message}`;
  if (!isOfUnloggedRecord(state, loss)) effects.push({ type: "log", level: "warn", message });
  let failure: JobFailure | undefined;
  if (loss.class === "released") return;
  if (loss.class === "damaged") failure = takeDamage(state, task, attempt.mapsLostBefore, loss, now, effects);
  else failure = count(state, task, attempt, loss, effects);
  if (failure === undefined) return;
  if (isOptional(task) && loss.class !== "fatal") {
    if (last) giveUp(state, task, attempt.number, "it was tried too often", now, effects);
    return;
  }
  failJob(state, failure);
}

/** Removes the record from the loss if the task has none at that position, which only a faulty worker reports. */
function withKnownRecord(loss: Loss, { splits = [] }: Task): Loss {
  const { record, ...others } = loss;
  return record === undefined || isPositionIn(splits, record) ? loss : others;
}

/**
 * Delays the next attempt: disk space may be freed in a moment, but by then the task could have used up all its
 * attempts. The delay starts at half a second and doubles up to ten seconds. A shorter task timeout shortens it.
 */
function putOff({ settings }: JobState, task: Task, now: number): void {
  const longestMs = Math.min(settings.taskTimeoutMs, 10_000);
  task.retryAtMs = now + Math.min(longestMs, (longestMs / 20) * 2 ** task.ioErrors);
  task.ioErrors += 1;
}

/** Whether the job can do without the result of a task. */
function isOptional({ kind }: Task): boolean {
  return kind === "sample" || kind === "combine";
}

/** Completes an optional, idle task without a result, as if its last attempt had found none. */
function giveUp(state: JobState, task: Task, attempt: number, why: string, now: number, effects: JobEffect[]): void {
  const pending = state.pending[task.kind];
  if (pending.includes(task)) pending.splice(pending.indexOf(task), 1);
  moveTask(task, "given up", why, now);
  const done = noMeasures();
  const ref = { kind: task.kind, task: task.index, attempt };
  const sampled = task.kind === "sample" ? { sampled: [] } : {};
  const record = { type: "committed" as const, ref, outputs: [], skipped: [], ...sampled, sideFiles: [], ...done };
  effects.push({ type: "journal", record });
  const consequence =
    task.kind === "sample"
      ? "partitions may be less balanced"
      : "the reduce task reads the files of the map tasks itself";
  effects.push({ type: "log", level: "warn", message: `${taskName(task)} is given up: ${consequence}` });
  complete(state, task, {
    attempt,
    files: undefined,
    skipped: [],
    ...sampled,
    sideFiles: [],
    checksum: undefined,
    done,
  });
}

/** How many attempts of a task may end with an error, and how many with a crash. */
function limitsOf({ settings }: JobState, { kind }: Task): Pick<JobState["settings"], "maxAttempts" | "maxCrashes"> {
  if (kind !== "combine") return settings;
  return { maxAttempts: 1, maxCrashes: Math.min(combineCrashesMax, settings.maxCrashes) };
}

function count(
  state: JobState,
  task: Task,
  attempt: Attempt,
  loss: Loss,
  effects: JobEffect[],
): JobFailure | undefined {
  const isCrash = loss.class === "crash";
  state.attempts[isCrash ? "crashed" : "failed"] += 1;
  if (loss.class === "fatal") return failureAt(state, task, loss, []);
  const { message, stack, output } = loss;
  // A disk that is full or unreadable is not the fault of the record being mapped.
  const record = loss.class === "io" ? undefined : loss.record;
  // This attempt began before the record was marked to be skipped; the next one will skip it.
  if (record !== undefined && task.skip.has(record) && !attempt.skip.includes(record)) return undefined;
  if (record !== undefined && isBeyondLimit(state, task, attempt, loss)) return tooManyBadRecords(state, task, loss);
  if (loss.severalAtWork === true && state.settings.badRecordsMax > 0 && !task.endedAtSeveral) {
    // The next attempt finds out which of the records is to blame, and what it finds counts.
    task.endedAtSeveral = true;
    return undefined;
  }
  if (isCrash) task.crashes += 1;
  else {
    task.errors += 1;
    task.firstError ??= { message, stack, record: loss.record, atWork: loss.atWork, output };
  }
  if (record !== undefined && state.settings.badRecordsMax > 0) {
    const failure = suspect(state, task, record, loss, effects);
    if (failure !== undefined) return failure;
  }
  const { maxAttempts, maxCrashes } = limitsOf(state, task);
  if (task.errors >= maxAttempts) {
    const error = task.firstError ?? loss;
    const details = [`${times(task.errors, "attempt")} failed; this was the first error`];
    // An error without a stack is not the app's: most likely the record cannot be read.
    if (task.kind === "map" && error.record !== undefined && error.stack === undefined) {
      details.push(...adviceToSkip(state, task, error.record));
    }
    return failureAt(state, task, error, details);
  }
  if (task.crashes < maxCrashes) return undefined;
  // The app's own error, if there was one, says more than the death of a process.
  const details = [`its thread or process ended in ${times(task.crashes, "attempt")}, the last time: ${loss.message}`];
  if (task.kind === "map" && state.settings.badRecordsMax === 0) {
    details.push("--skip-bad-records 1 finds the record at fault and skips it");
  }
  return failureAt(state, task, task.firstError ?? loss, details);
}

/** Whether the attempt ended at a bad record after it had skipped as many by itself as the job may still skip. */
function isBeyondLimit(
  { settings, skipped }: JobState,
  task: Task,
  { skip }: Attempt,
  { skippedBefore }: Loss,
): boolean {
  if (settings.badRecordsMax === 0 || skippedBefore === undefined) return false;
  // If the job skips other records of the task by now, these may be among those that the attempt has skipped.
  return skip.length === task.skip.size && skipped.length + skippedBefore >= settings.badRecordsMax;
}

/** Skips a record at which two attempts have ended. Returns a failure when the job has too many such records. */
function suspect(
  state: JobState,
  task: Task,
  offset: number,
  loss: Loss,
  effects: JobEffect[],
): JobFailure | undefined {
  if (task.kind !== "map" || task.skip.has(offset)) return undefined;
  const found = task.suspects.get(offset) ?? { errors: 0, crashes: 0 };
  task.suspects.set(offset, found);
  if (loss.class === "crash") found.crashes += 1;
  else found.errors += 1;
  if (found.errors + found.crashes < failuresOfBadRecord) return undefined;
  if (state.skipped.length >= state.settings.badRecordsMax) return tooManyBadRecords(state, task, loss);
  task.suspects.delete(offset);
  task.errors -= found.errors;
  task.crashes -= found.crashes;
  if (task.firstError?.record === offset) delete task.firstError;
  task.skip.add(offset);
  const { message, stack } = loss;
  const skipped = { task: task.index, offset, error: stack === undefined ? { message } : { message, stack } };
  state.skipped.push(skipped);
  effects.push({ type: "journal", record: { type: "skipped", ...skipped } });
  logSkip(state, task, skipped, `, since ${failuresOfBadRecord} attempts ended there`, effects);
  return undefined;
}

function tooManyBadRecords(state: JobState, task: Task, loss: Loss): JobFailure {
  const count = times(state.settings.badRecordsMax, "bad record");
  return failureAt(state, task, loss, [`${count} may be skipped (--skip-bad-records), and this is one more`]);
}

/** Whether an attempt ended at a record when the log names no more bad records: a job may have thousands. */
function isOfUnloggedRecord(state: JobState, { class: lossClass, record }: Loss): boolean {
  return state.settings.badRecordsMax > 0 && isSkipLogFull(state) && lossClass === "error" && record !== undefined;
}

/**
 * The files of a map attempt are missing, short or corrupt: that map runs again, and the reduce waits for it. In place of
 * the file of a combine attempt, the reduce reads the map files.
 */
function takeDamage(
  state: JobState,
  reader: Task,
  mapsLostBefore: number,
  loss: Loss,
  now: number,
  effects: JobEffect[],
): JobFailure | undefined {
  let isNew = false;
  for (const [index, attempt] of loss.damaged ?? []) {
    const combine = combineOfFile(state, index);
    if (combine?.commit?.combined !== undefined && combine.commit.attempt === attempt) {
      isNew = true;
      loseCombined(state, combine, attempt, reader, now, effects);
      continue;
    }
    const map = state.maps[index];
    // Another reduce has already reported the loss, and the map reruns.
    if (map?.commit?.attempt !== attempt) continue;
    isNew = true;
    moveTask(map, "files lost", `${taskName(reader)} cannot read those of attempt ${attempt}`, now);
    undoCompletion(state, map);
    map.filesLost += 1;
    state.mapsLost += 1;
    state.pending.map.push(map);
    effects.push({ type: "journal", record: { type: "lost", kind: "map", task: index } });
    const message = `${taskName(map)} runs again, since its files are damaged or gone`;
    effects.push({ type: "log", level: "warn", message });
    if (map.filesLost >= state.settings.maxCrashes) {
      const message = `${taskName(map)}: its files were lost ${map.filesLost} times, the last time: ${loss.message}`;
      failJob(state, { message });
      return undefined;
    }
  }
  if (isNew || state.mapsLost > mapsLostBefore || !mapsAreDone(state)) return undefined;
  // The reported files are intact. Such reports must not repeat forever.
  reader.crashes += 1;
  if (reader.crashes < limitsOf(state, reader).maxCrashes) return undefined;
  return { message: `${taskName(reader)}: ${loss.message}` };
}

function loseCombined(
  state: JobState,
  task: Task,
  attempt: number,
  reader: Task,
  now: number,
  effects: JobEffect[],
): void {
  moveTask(task, "files lost", `${taskName(reader)} cannot read that of attempt ${attempt}`, now);
  undoCompletion(state, task);
  effects.push({ type: "journal", record: { type: "lost", kind: "combine", task: task.index } });
  giveUp(state, task, attempt, "its file was lost", now, effects);
}
