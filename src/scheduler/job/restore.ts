/**
 * Restores a job from the journal of a coordinator that died. Committed work stays committed. Attempts that were
 * running are orphans: a worker that comes back with one continues it, and otherwise the task is assigned again. Errors
 * and crashes are counted from zero.
 */
import { measuresOfAttempt } from "../../model/measures.js";
import type { AppIdentity } from "../../model/app-identity.js";
import { combinedFile, createCombines } from "./combine-tasks.js";
import { complete, filesOf, undoCompletion } from "./commit.js";
import type { CombinePlan, JobEffect, JournalRecord } from "./effects.js";
import { type JobState, samplesAreDone, tasksOf } from "./job.js";
import { beginMapPhase, endIfOver, planTasks } from "./phases.js";
import { placesOf, takeSkips } from "./skips.js";
import { type MapRange, type Task, taskName } from "./task.js";
import { moveTask } from "./transitions.js";

/** Applies one record; call it in the order of writing. No worker may have joined the job. */
export function restore(state: JobState, record: JournalRecord, now: number): void {
  switch (record.type) {
    case "planned":
      if (state.app !== undefined) throw new Error("the journal plans the tasks a second time");
      planTasks(state, record);
      break;
    case "combinesPlanned":
      if (state.combines.length > 0) throw new Error("the journal plans combine tasks a second time");
      requireRanges(state, record);
      createCombines(state, record);
      break;
    case "appChanged":
      state.app = record.app;
      break;
    case "began": {
      const task = taskOf(state, record.ref);
      task.attemptsBegun = Math.max(task.attemptsBegun, record.ref.attempt);
      task.orphans.set(record.ref.attempt, record.worker);
      state.startSlots.skipFormer(now);
      state.lastFormerWorker = Math.max(state.lastFormerWorker, Number(record.worker.slice(1)));
      break;
    }
    case "committed": {
      const task = taskOf(state, record.ref);
      const {
        ref,
        outputs,
        newlySkipped,
        sampled,
        sideFiles,
        namedOutputs,
        checksum,
        textKeyEnd,
        warnings = [],
        argUse,
      } = record;
      moveTask(task, "found committed", `attempt ${ref.attempt}`, now);
      const files = filesOf(state, task, ref.attempt, outputs);
      const done = measuresOfAttempt(record);
      const skipped = placesOf(record.skipped, newlySkipped);
      const combined = combinedFile(state, task, ref.attempt, outputs);
      const made = { files, combined, skipped, sampled, sideFiles, namedOutputs, checksum, textKeyEnd };
      // The log has named them before.
      takeSkips(state, task, newlySkipped, []);
      complete(state, task, { attempt: ref.attempt, ...made, done });
      state.warnings.add(warnings);
      state.argUse.add(argUse);
      task.orphans.clear();
      break;
    }
    case "lost": {
      const task = taskOf(state, record);
      moveTask(task, "files lost", "as the journal says", now);
      undoCompletion(state, task);
      if (task.kind === "map") state.mapsLost += 1;
      break;
    }
    case "skipped": {
      const { task, offset, error } = record;
      const { skip } = taskOf(state, { kind: "map", task });
      if (skip.has(offset)) throw new Error(`the journal skips the record at ${offset} of map task ${task} twice`);
      skip.add(offset);
      state.skipped.push({ task, offset, error });
    }
  }
}

/**
 * Makes the remaining work available; call it after the last record. `isThere` reports whether a completed task's
 * output is unchanged, since no process has watched it meanwhile. Intermediate files are checked when they are read.
 */
export function resume(state: JobState, isThere: (task: Task) => boolean, now: number, effects: JobEffect[]): void {
  if (state.app === undefined) return;
  for (const task of [...state.maps, ...state.reduces]) {
    if (task.commit === undefined || isThere(task)) continue;
    loseOutput(state, task, "its output is gone or another one", now, effects);
    if (task.kind === "map") state.mapsLost += 1;
    effects.push({ type: "log", level: "warn", message: `${taskName(task)} runs again, since its output is gone` });
  }
  for (const warning of state.warnings.list) {
    effects.push({ type: "log", level: "warnOfData", message: `warning: ${warning}` });
  }
  beginMapPhase(state, effects);
  endIfOver(state);
}

/**
 * The resumed job continues with another version of its app, whose map tasks would write the same. Finished reduce tasks
 * run again. No worker may have joined the job.
 */
export function changeApp(state: JobState, app: AppIdentity, now: number, effects: JobEffect[]): void {
  const { completed, maps, reduces } = state;
  const message =
    `${app.name} has changed since: the job keeps ${completed.map} of ${maps.length} map tasks, and runs all ` +
    `${reduces.length} reduce tasks with the new version; what its map, combine and partition call was not compared`;
  for (const task of reduces.filter(({ commit }) => commit !== undefined)) {
    loseOutput(state, task, "its app has changed", now, effects);
    state.pending.reduce.push(task);
  }
  // After the losses: a journal that ends among these records must not tie the new version to outputs of the earlier one.
  effects.push({ type: "journal", record: { type: "appChanged", app } }, { type: "log", level: "warn", message });
  state.app = app;
}

/** Throws unless each range is one of existing map tasks and of an existing partition. */
function requireRanges({ maps, reduces }: JobState, { ranges }: CombinePlan): void {
  const isRange = ({ partition, fromMap, toMap }: MapRange) =>
    partition < reduces.length && fromMap < toMap && toMap <= maps.length;
  if (!ranges.every(isRange)) throw new Error("the journal plans a combine task for tasks that do not exist");
}

function loseOutput(state: JobState, task: Task, reason: string, now: number, effects: JobEffect[]): void {
  moveTask(task, "files lost", reason, now);
  undoCompletion(state, task);
  effects.push({ type: "journal", record: { type: "lost", kind: task.kind, task: task.index } });
}

function taskOf(state: JobState, { kind, task }: { kind: Task["kind"]; task: number }): Task {
  if (kind !== "sample" && !samplesAreDone(state)) {
    throw new Error(`the journal mentions ${kind} task ${task} before its samples are taken`);
  }
  const found = tasksOf(state, kind)[task];
  if (found === undefined) throw new Error(`the journal mentions ${kind} task ${task}, which does not exist`);
  return found;
}
