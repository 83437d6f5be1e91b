/**
 * Combine tasks: several workers share the work of one reduce task.
 *
 * A hot key, or a partition that is much larger than the others, leaves one worker with a long reduce task while the
 * others have nothing to do. If the app has a `combine`, the map files of such a partition are cut into contiguous
 * ranges. A combine task merges the files of one range and folds the values of each key into a file of its own; the
 * reduce task then reads these few files in place of the map files. Ranges are contiguous and keep their order, so the
 * values of a key reach `reduce` in the order of the map tasks.
 *
 *     mr-0-Y … mr-14-Y  ── combine task 0 ── mr-30-Y ┐
 *     mr-15-Y … mr-29-Y ── combine task 1 ── mr-31-Y ┴ reduce task Y
 *
 * Their files are numbered after those of the map tasks. A combine task only saves time: the reduce task can always read
 * the map files instead. So a combine task that fails too often, whose file is lost, or whose values do not shrink is
 * given up and costs the job nothing but time.
 */
import type { ReduceInput } from "../../model/assignment.js";
import type { OutputFile } from "../../model/attempt.js";
import type { CombinePlan, JobEffect } from "./effects.js";
import type { JobState } from "./job.js";
import { type MapRange, type Task, createTask } from "./task.js";

/** A reduce task reads less than this in a fraction of a second: `combineBytesMin` of jobs. */
export const combineBytesMinDefault = 16 * 2 ** 20;
/** Fewer files hardly shrink when they are combined. */
const filesPerRangeMin = 4;
/**
 * The reduce task of the partition must take at least this many times as long as an even share of all reducing, or too
 * little time can be saved.
 */
const shareMin = 4 / 3;

/** Creates combine tasks for the partitions that would keep one worker busy while others are idle. */
export function planCombines(state: JobState, effects: JobEffect[]): void {
  // In a resumed job, and after a map was lost, the plan stays as it is.
  if (state.combines.length > 0) return;
  const ranges = rangesToCombine(state, effects);
  if (ranges.length === 0) return;
  createCombines(state, { ranges });
  effects.push({ type: "journal", record: { type: "combinesPlanned", ranges } });
  for (const task of [...state.combines].reverse()) state.pending.combine.push(task);
}

/** Creates the planned tasks. Assigns none yet. */
export function createCombines(state: JobState, { ranges }: CombinePlan): void {
  state.combines = ranges.map((range, index) => createTask({ kind: "combine", index, range }));
  const ofPartitions = new Map<number, Task[]>();
  for (const [index, { partition }] of ranges.entries()) {
    const task = state.combines[index];
    if (task !== undefined) ofPartitions.set(partition, [...(ofPartitions.get(partition) ?? []), task]);
  }
  state.combinesOf = ofPartitions;
}

function rangesToCombine(state: JobState, effects: JobEffect[]): MapRange[] {
  const { app, partitionBytes, reduces, settings, slots } = state;
  const alive = [...slots.values()].filter((slot) => slot.state === "alive").length;
  if (app?.combines !== true || alive < 2) return [];
  const totalBytes = partitionBytes.reduce((sum, bytes) => sum + bytes, 0);
  const bytesMin = Math.max(settings.combineBytesMin, (shareMin * totalBytes) / alive);
  return [...partitionBytes.entries()].flatMap(([partition, bytes]) => {
    // After a map was lost, some reduces may have begun.
    if (bytes < bytesMin || reduces[partition]?.state !== "idle") return [];
    const ranges = cutIntoRanges(state, partition, alive);
    if (ranges.length === 0) return [];
    const share = Math.round((100 * bytes) / totalBytes);
    const message = `partition ${partition} has ${share}% of the map output: ${ranges.length} combine tasks share its work`;
    effects.push({ type: "log", level: "info", message });
    return ranges;
  });
}

/**
 * Cuts the map files of a partition into contiguous ranges of about equal size: at most one for each worker, and at most
 * the square root of the number of files, so that the reduce task has no more files to read than a combine task. Returns
 * no ranges when the files are too few, or when one of them would be a range of its own.
 */
function cutIntoRanges({ maps, partitionBytes }: JobState, partition: number, workers: number): MapRange[] {
  const sizes = maps.map(({ commit, index }) => commit?.files?.input(index, partition)?.[2] ?? 0);
  const files = sizes.filter((bytes) => bytes > 0).length;
  const count = Math.min(workers, Math.round(Math.sqrt(files)), Math.floor(files / filesPerRangeMin));
  if (count < 2) return [];
  const totalBytes = partitionBytes[partition] ?? 0;
  const ranges: (MapRange & { readonly files: number })[] = [];
  let [fromMap, filesInRange, bytes] = [0, 0, 0];
  for (const [map, size] of sizes.entries()) {
    bytes += size;
    if (size > 0) filesInRange += 1;
    const isFull = ranges.length < count - 1 && bytes * count >= totalBytes * (ranges.length + 1);
    if (!isFull && map < sizes.length - 1) continue;
    ranges.push({ partition, fromMap, toMap: map + 1, files: filesInRange });
    [fromMap, filesInRange] = [map + 1, 0];
  }
  // A large file at the end leaves a single range.
  if (ranges.length < 2 || ranges.some((range) => range.files < 2)) return [];
  return ranges.map(({ fromMap, toMap }) => ({ partition, fromMap, toMap }));
}

/** Whether a reduce task has to wait for combine tasks of its partition. */
export function awaitsCombines({ combinesOf }: JobState, { kind, index }: Task): boolean {
  return kind === "reduce" && combinesOf.get(index)?.some(({ state }) => state !== "completed") === true;
}

/** The file of a committed combine attempt as an input of the reduce task; undefined when the attempt made none. */
export function combinedFile(
  { maps }: JobState,
  { index, range }: Task,
  attempt: number,
  outputs: readonly OutputFile[],
): ReduceInput | undefined {
  const [, bytes, checksum] = outputs.find(([partition]) => partition === range?.partition) ?? [];
  return bytes === undefined || checksum === undefined ? undefined : [maps.length + index, attempt, bytes, checksum];
}

/** The combine task that wrote the file with this number; undefined for files of map tasks. */
export function combineOfFile({ maps, combines }: JobState, file: number): Task | undefined {
  return combines[file - maps.length];
}
