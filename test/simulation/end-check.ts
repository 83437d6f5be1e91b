import { outputTasks } from "../../src/scheduler/job/job.js";
import { jobFileKind, outputName } from "../../src/output/names.js";
import type { Departure } from "./coordinator-process.js";
import type { Patience } from "./faults.js";
import { faultOf, partitionerOf, type Output } from "./word-count.js";
import type { SimulatedJob, World } from "./world.js";

/** What is wrong with what a job has left behind, or undefined. */
export function faultAtEnd(
  world: World,
  { inputs, disk }: SimulatedJob,
  { outcome, state }: Departure,
  lateFiles: ReadonlySet<string>,
  patience: Patience,
): string | undefined {
  if (patience.isEndless && outcome !== "done") return `a job with patience has ended: ${outcome}`;
  const left = disk.names().filter((name) => {
    return !lateFiles.has(name) && !(outcome === "done" && jobFileKind(name) === "output");
  });
  if (left.length > 0) return `the job has left ${left.join(", ")}`;
  if (disk.journal !== undefined) return "the job has left its journal";
  if (outcome !== "done") return undefined;
  const skipped = new Set(state.skipped.map(({ task, offset }) => `${task} ${offset}`));
  const partitionOf = partitionerOf(inputs, state.settings.partitioner, state.boundaries);
  for (const { index, commit } of outputTasks(state)) {
    const content = disk.read(outputName(index));
    if (content === undefined) return `there is no output of task ${index}`;
    const fault = faultOf(inputs, index, content, skipped, partitionOf);
    if (fault !== undefined) return `the output of task ${index} is wrong: ${fault}`;
    // An attempt that was stopped with permission to commit may rename its output over an equal one.
    const { attempt } = JSON.parse(content) as Output;
    if (Number(attempt) !== commit?.attempt) world.count("an output came late, and is equal");
  }
  return undefined;
}
