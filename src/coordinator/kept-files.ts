import { outputName, sideFileName, stagedName } from "../output/names.js";
import { outputOf, outputSuffix } from "../model/output-format.js";
import { namedOutputFacts, type OutputFacts } from "../output/manifest.js";
import { namedOutputFile } from "../model/output-names.js";
import type { NamedOutputs } from "../model/attempt.js";
import { type JobState, outputTasks } from "../scheduler/job/job.js";
import type { Task } from "../scheduler/job/task.js";
import type { Job } from "./job.js";

/**
 * Whether the directory still has the files that a completed task made for the user, its output and its side files, with the
 * lengths that the task reported.
 */
export function hasFilesOf(job: Job, task: Task): boolean {
  const { kind, index, commit } = task;
  if (commit === undefined) return false;
  const isOutput = outputTasks(job.state)[index] === task;
  const named = commit.namedOutputs ?? [];
  if (isOutput && !hasFile(job, outputNameOf(job, index), commit.done.bytesOut - sumOf(named, 2))) return false;
  const suffix = outputSuffixOf(job);
  const hasNamed = ([directory, , bytes]: (typeof named)[number]) =>
    hasFile(job, namedOutputFile(directory, index, suffix), bytes);
  if (!named.every(hasNamed)) return false;
  return commit.sideFiles.every(([name, bytes]) => hasFile(job, sideFileName(kind, index, name), bytes));
}

/** Under its staged name, or under its own when the job has published its output already. */
function hasFile({ directory, state, begins }: Job, name: string, bytes: number): boolean {
  const isStaged = directory.hasFile(stagedName(state.settings.id, name), bytes);
  return isStaged || (begins === "published" && directory.hasFile(name, bytes));
}

/** Names of the side files of all completed tasks, in task order. */
export function sideFilesOf({ maps, reduces }: JobState): string[] {
  return [...maps, ...reduces].flatMap(({ kind, index, commit }) => {
    return (commit?.sideFiles ?? []).map(([name]) => sideFileName(kind, index, name));
  });
}

/** The output files of a completed task, the one without a name of the app first, as the manifest describes them. */
export function outputsOf(job: Job, { index, commit }: Task): OutputFacts[] {
  if (commit?.checksum === undefined) return [];
  const { recordsOut, bytesOut } = commit.done;
  const { checksum, textKeyEnd, namedOutputs = [] } = commit;
  const suffix = outputSuffixOf(job);
  const records = recordsOut - sumOf(namedOutputs, 1);
  const bytes = bytesOut - sumOf(namedOutputs, 2);
  return [
    { name: outputName(index, suffix), records, bytes, checksum, textKeyEnd },
    ...namedOutputs.map((fact) => namedOutputFacts(fact, index, suffix)),
  ];
}

function sumOf(named: NamedOutputs, part: 1 | 2): number {
  return named.reduce((sum, fact) => sum + fact[part], 0);
}

/** Name of a task's output file. */
function outputNameOf(job: Job, task: number): string {
  return outputName(task, outputSuffixOf(job));
}

/** The suffix that the job's output format adds to file names, such as `.jsonl.gz`. */
export function outputSuffixOf({ state: { settings, app } }: Job): string {
  return outputSuffix(outputOf(settings.output, app?.layout), app?.extension);
}
