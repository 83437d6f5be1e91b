import { outputName, sideFileName, stagedName } from "../output/names.js";
import { outputSuffix } from "../output/output-format.js";
import { outputTasks, type State, type Task } from "./core/model.js";
import type { Job } from "./job.js";

/**
 * Whether the files that a completed task has made for the user stand in the directory as it left them, by their length:
 * its output, if it makes one, and the side files of any.
 */
export function hasFilesOf(job: Job, task: Task): boolean {
  const { kind, index, commit } = task;
  if (commit === undefined) return false;
  const isOutput = outputTasks(job.state)[index] === task;
  if (isOutput && !hasFile(job, outputNameOf(job, index), commit.done.bytesOut)) return false;
  return commit.sideFiles.every(([name, bytes]) => hasFile(job, sideFileName(kind, index, name), bytes));
}

/** Under its staged name; or under its own, when the job was killed after it had published its output. */
function hasFile({ directory, state, isPublished }: Job, name: string, bytes: number): boolean {
  return (
    directory.hasFile(stagedName(state.settings.id, name), bytes) || (isPublished && directory.hasFile(name, bytes))
  );
}

/** Names of the side files of all completed tasks, in the order of these. */
export function sideFilesOf({ maps, reduces }: State): string[] {
  return [...maps, ...reduces].flatMap(({ kind, index, commit }) => {
    return (commit?.sideFiles ?? []).map(([name]) => sideFileName(kind, index, name));
  });
}

/** Name of the output file of that task. */
export function outputNameOf(job: Job, task: number): string {
  return outputName(task, outputSuffixOf(job));
}

/** What the format of the job adds to the names of its outputs. */
export function outputSuffixOf({ state: { settings, app } }: Job): string {
  return outputSuffix(settings.output, app?.extension);
}
