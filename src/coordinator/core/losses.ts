/**
 * What becomes of a task when an attempt of it is lost. It is tried again, and how often depends on why:
 *
 *     error, timeout, memory        the app's own doing, most likely: `maxAttempts`, then the job fails
 *     io                            a disk that is full, or the like: the same, but it is given time in between
 *     crash                         thread or process ended, anybody's fault: `maxCrashes`
 *     damaged                       another task's files: that task runs again, and this one after it
 *     released                      nobody's fault: a worker that was told to leave
 *     fatal                         no retry can help: the job fails at once
 *
 * A sample is no reason for a job to fail: one that was tried too often is given up. What ended it ends a map, too, if it
 * is the app's doing, and is told then.
 *
 * With bad records allowed, a record at which two attempts ended is left out, and these two are forgotten (paper section
 * 4.6). So a split may have any number of bad records, as long as the job may.
 */
import { noMeasures } from "../../rpc/measures.js";
import { scheduleBackup } from "./backups.js";
import { complete, undoCompletion } from "./commit.js";
import { endJob } from "./ending.js";
import type { Effect } from "./events.js";
import type { Attempt, FailedOutcome, JobFailure, State, Task, TaskError, Worker } from "./model.js";
import { hasEnded, mapsAreDone, taskName } from "./model.js";
import { release } from "./release.js";
import { moveAttempt, moveTask } from "./transitions.js";

type Loss = Omit<FailedOutcome, "type">;

/** Two attempts that end at the same record, and the record is to blame. */
const failuresOfBadRecord = 2;

/** The attempt that this worker runs is lost. Its task is tried again, unless that happened too often. */
export function loseAttempt(state: State, worker: Worker, loss: Loss, now: number, effects: Effect[]): void {
  const { task, attempt } = release(worker);
  moveAttempt(task, attempt, "lost", now);
  task.attempts.delete(attempt.number);
  scheduleBackup(state, task);
  task.failedOn.add(worker.id);
  const last = task.attempts.size === 0;
  moveTask(task, last ? "last attempt lost" : "attempt lost", `${loss.class} on ${worker.id}`, now);
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
  worker.lost += 1;
  const description = `${taskName(task)}, attempt ${attempt.number} on ${worker.id}`;
  const isKnown = task.firstError?.message === loss.message;
  const message = `${description}: ${isKnown ? "the same error again" : loss.message}`;
  effects.push({ type: "log", level: "warn", message });
  let failure: JobFailure | undefined;
  if (loss.class === "released") return;
  if (loss.class === "damaged") failure = takeDamage(state, task, attempt.mapsLostBefore, loss, now, effects);
  else failure = count(state, task, attempt, loss, effects);
  if (failure === undefined) return;
  if (task.kind === "sample" && loss.class !== "fatal") {
    if (last) giveUpSample(state, task, attempt, now, effects);
    return;
  }
  // A job that is being stopped is to be gone on with: it may fail then.
  if (state.draining) endJob(state, "stopped", undefined, effects);
  else endJob(state, "failed", failure, effects);
}

/**
 * Room may be made on a disk in a moment, in which the task would use up all of its attempts: so the next one begins half a
 * second later, and the wait doubles with each, up to ten seconds. With a shorter task timeout it is shorter, too.
 */
function putOff({ settings }: State, task: Task, now: number): void {
  const longestMs = Math.min(settings.taskTimeoutMs, 10_000);
  task.retryAtMs = now + Math.min(longestMs, (longestMs / 20) * 2 ** task.ioErrors);
  task.ioErrors += 1;
}

/** The sample task is completed without a key; its last attempt is said to have found none. */
function giveUpSample(state: State, task: Task, { number }: Attempt, now: number, effects: Effect[]): void {
  state.pending.sample.splice(state.pending.sample.indexOf(task), 1);
  moveTask(task, "given up", "it was tried too often", now);
  const done = noMeasures();
  const ref = { kind: task.kind, task: task.index, attempt: number };
  const record = { type: "committed" as const, ref, outputs: [], skipped: [], sampled: [], sideFiles: [], ...done };
  effects.push({ type: "journal", record });
  const message = `${taskName(task)} is given up: partitions may be of less equal size`;
  effects.push({ type: "log", level: "warn", message });
  complete(state, task, {
    attempt: number,
    files: undefined,
    skipped: [],
    sampled: [],
    sideFiles: [],
    checksum: undefined,
    done,
  });
}

function count(state: State, task: Task, attempt: Attempt, loss: Loss, effects: Effect[]): JobFailure | undefined {
  const isCrash = loss.class === "crash";
  state.attempts[isCrash ? "crashed" : "failed"] += 1;
  if (loss.class === "fatal") return failureAt(state, task, loss, []);
  const { message, stack, output } = loss;
  // A disk that is full or cannot be read is no fault of the record at which that came out.
  const record = loss.class === "io" ? undefined : loss.record;
  // It began before the record was left out, and has come to it now: the next one will not.
  if (record !== undefined && task.skip.has(record) && !attempt.skip.includes(record)) return undefined;
  if (isCrash) task.crashes += 1;
  else {
    task.errors += 1;
    task.firstError ??= { message, stack, record: loss.record, output };
  }
  if (record !== undefined && state.settings.badRecordsMax > 0) {
    const failure = suspect(state, task, record, loss, effects);
    if (failure !== undefined) return failure;
  }
  const { maxAttempts, maxCrashes } = state.settings;
  if (task.errors >= maxAttempts) {
    const error = task.firstError ?? loss;
    const details = [`${times(task.errors, "attempt")} failed; this was the first error`];
    // An error without a stack is not the app's: most likely the record cannot be read.
    if (task.kind === "map" && error.record !== undefined && error.stack === undefined) {
      details.push(...adviceToSkip(state));
    }
    return failureAt(state, task, error, details);
  }
  if (task.crashes < maxCrashes) return undefined;
  // The app's own error tells more than the end of a process, if there was one.
  const details = [`its thread or process ended in ${times(task.crashes, "attempt")}, the last time: ${loss.message}`];
  if (task.kind === "map" && state.settings.badRecordsMax === 0) {
    details.push("at which record is found out, and the record left out, with --skip-bad-records 1");
  }
  return failureAt(state, task, task.firstError ?? loss, details);
}

/** Leaves a record out at which two attempts have ended; a failure when that are more than the job may have. */
function suspect(state: State, task: Task, offset: number, loss: Loss, effects: Effect[]): JobFailure | undefined {
  if (task.kind !== "map" || task.skip.has(offset)) return undefined;
  const found = task.suspects.get(offset) ?? { errors: 0, crashes: 0 };
  task.suspects.set(offset, found);
  if (loss.class === "crash") found.crashes += 1;
  else found.errors += 1;
  if (found.errors + found.crashes < failuresOfBadRecord) return undefined;
  const { badRecordsMax } = state.settings;
  if (state.skipped.length >= badRecordsMax) {
    const details = [`${times(badRecordsMax, "bad record")} may be skipped (--skip-bad-records), and this is one more`];
    return failureAt(state, task, loss, details);
  }
  task.suspects.delete(offset);
  task.errors -= found.errors;
  task.crashes -= found.crashes;
  if (task.firstError?.record === offset) delete task.firstError;
  task.skip.add(offset);
  const { message, stack } = loss;
  const skipped = { task: task.index, offset, error: stack === undefined ? { message } : { message, stack } };
  state.skipped.push(skipped);
  effects.push({ type: "journal", record: { type: "skipped", ...skipped } });
  const where = state.app?.input === "own" ? `record ${offset}` : `the record at byte ${offset}`;
  const text = `${taskName(task)}: ${where} is skipped, since ${failuresOfBadRecord} attempts ended there`;
  effects.push({ type: "log", level: "warn", message: text });
  return undefined;
}

/** The files of a map attempt are missing, short or corrupt: that map runs again, and the reduce waits for it. */
function takeDamage(
  state: State,
  reader: Task,
  mapsLostBefore: number,
  loss: Loss,
  now: number,
  effects: Effect[],
): JobFailure | undefined {
  let isNew = false;
  for (const [index, attempt] of loss.damaged ?? []) {
    const map = state.maps[index];
    // Another reduce has reported it already, and they are made anew.
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
      return {
        message: `${taskName(map)}: its files were lost ${map.filesLost} times, the last time: ${loss.message}`,
      };
    }
  }
  if (isNew || state.mapsLost > mapsLostBefore || !mapsAreDone(state)) return undefined;
  // It complains of what is not the case: that must not go on for ever.
  reader.crashes += 1;
  if (reader.crashes < state.settings.maxCrashes) return undefined;
  return { message: `${taskName(reader)}: ${loss.message}` };
}

/** The app's own message first, then where it happened, then what else is known. */
function failureAt({ app }: State, task: Task, error: TaskError, details: string[]): JobFailure {
  const { message, stack, record, output } = error;
  const { split } = task;
  // Of a record that is all of the split nothing more is to be said.
  const isWhole = record === split?.startBytes && (app?.input === "file" || app?.input === "text");
  // Where its records are the app alone knows, when it reads them by itself.
  const which = app?.input === "own" ? `at record ${record}` : `at the record that begins at byte ${record}`;
  const place = record === undefined || isWhole ? [] : [`${which} of ${split?.file}`];
  return { message: `${taskName(task)}: ${message}`, stack, details: [...place, ...details], output };
}

function adviceToSkip({ app, settings }: State): string[] {
  return settings.badRecordsMax > 0 || app?.input === "file"
    ? []
    : ["if that record is at fault, --skip-bad-records 1 leaves it out"];
}

function times(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
