import type { JobDirectory } from "../output/directory.js";
import { outputName, sideFileName } from "../output/names.js";
import type { State, Task } from "./core/model.js";

/**
 * Whether the files that a completed task has made for the user stand in the directory as it left them, by their length:
 * the output of a reduce task, and the side files of any.
 */
export function hasFilesOf({ kind, index, commit }: Task, directory: JobDirectory): boolean {
  if (commit === undefined) return false;
  if (kind === "reduce" && !directory.hasFile(outputName(index), commit.done.bytesOut)) return false;
  return commit.sideFiles.every(([name, bytes]) => directory.hasFile(sideFileName(kind, index, name), bytes));
}

/** Names of the side files of all completed tasks, in the order of these. */
export function sideFilesOf({ maps, reduces }: State): string[] {
  return [...maps, ...reduces].flatMap(({ kind, index, commit }) => {
    return (commit?.sideFiles ?? []).map(([name]) => sideFileName(kind, index, name));
  });
}
