import { outputName, sideFileName, stagedName } from "../output/names.js";
import { outputOf, outputSuffix } from "../output/output-format.js";
import { outputTasks, type State, type Task } from "./core/model.js";
import type { Job } from "./job.js";

/**
 * Whether the directory still has the files that a completed task made for the user, its output and its side files, with the
 * lengths that the task reported.
 */
export function hasFilesOf(job: Job, task: Task): boolean {
  const { kind, index, commit } = task;
  if (commit === undefined) return false;
  const isOutput = outputTasks(job.state)[index] === task;
  if (isOutput && !hasFile(job, outputNameOf(job, index), commit.done.bytesOut)) return false;
  return commit.sideFiles.every(([name, bytes]) => hasFile(job, sideFileName(kind, index, name), bytes));
}

/** Under its staged name, or under its own when the job has published its output already. */
function hasFile({ directory, state, begins }: Job, name: string, bytes: number): boolean {
  const isStaged = directory.hasFile(stagedName(state.settings.id, name), bytes);
  return isStaged || (begins === "published" && directory.hasFile(name, bytes));
}

/** Names of the side files of all completed tasks, in task order. */
export function sideFilesOf({ maps, reduces }: State): string[] {
  return [...maps, ...reduces].flatMap(({ kind, index, commit }) => {
    return (commit?.sideFiles ?? []).map(([name]) => sideFileName(kind, index, name));
  });
}

/** Name of a task's output file. */
export function outputNameOf(job: Job, task: number): string {
  return outputName(task, outputSuffixOf(job));
}

/** The suffix that the job's output format adds to file names, such as `.jsonl.gz`. */
export function outputSuffixOf({ state: { settings, app } }: Job): string {
  return outputSuffix(outputOf(settings.output, app?.layout), app?.extension);
}
