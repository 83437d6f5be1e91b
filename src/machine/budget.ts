/** The default number of workers of a job, and the memory for each, from what the machine has or a container grants. */
import { availableParallelism } from "node:os";
import { readGroupLimits, type GroupLimits } from "./cgroup.js";

const MiB = 2 ** 20;

/** The memory of the coordinator. This and the next value were measured as memory that the system cannot reclaim. */
const coordinatorBytes = 32 * MiB;
/** The memory of a worker besides the pairs of its map task, with an app that keeps little. */
const workerBytes = 120 * MiB;
/** With less memory for pairs than this, a map task spends more time on sorting and writing than on mapping. */
const collectorBytesUseful = 16 * MiB;
const [collectorBytesMin, collectorBytesDefault] = [4 * MiB, 256 * MiB];

/** How much memory the pairs of a map task take by default, of that much. */
export function collectorBytesOf(bytes: number): number {
  return Math.min(collectorBytesDefault, Math.max(collectorBytesMin, bytes));
}

/** A number of workers, and why it is not higher. */
export interface WorkersDefault {
  readonly workers: number;
  readonly reason: string;
}

let known: GroupLimits | undefined;

/** The limits of this process, read once. */
export function groupLimits(): GroupLimits {
  return (known ??= readGroupLimits());
}

/** One worker per core, but no more than the CPU quota can keep busy or the memory can hold. */
export function workersDefault(limits = groupLimits(), cores = availableParallelism()): WorkersDefault {
  const { cpus = Infinity, memoryBytes = Infinity } = limits;
  // A fraction of a core is worth a worker: otherwise it would stay unused.
  const byQuota = Math.max(1, Math.ceil(cpus));
  const byMemory = workersThatFit(memoryBytes);
  if (byMemory < Math.min(cores, byQuota)) {
    return {
      workers: byMemory,
      reason: `as many as fit into the container's memory limit of ${mebibytes(memoryBytes)}`,
    };
  }
  if (byQuota < cores) {
    const shown = Math.round(cpus * 100) / 100;
    return { workers: byQuota, reason: `for the container's CPU quota of ${shown} ${shown === 1 ? "core" : "cores"}` };
  }
  return { workers: cores, reason: "one per core" };
}

/** How many workers fit into that much memory: at least one. */
function workersThatFit(memoryBytes: number): number {
  return Math.max(1, Math.floor((memoryBytes - coordinatorBytes) / (workerBytes + collectorBytesUseful)));
}

/** The warning when this number of workers may be too many for the container's memory; undefined when they fit. */
export function memoryProblem(workers: number, { memoryBytes = Infinity } = groupLimits()): string | undefined {
  const fitting = workersThatFit(memoryBytes);
  if (workers <= fitting) return undefined;
  return `${workers} workers may be too many for the container's memory limit of ${mebibytes(memoryBytes)}: --workers ${fitting} fits`;
}

/** How much memory the pairs of a map task may take when this number of workers shares the memory of this process. */
export function collectorBytesFor(workers: number, { memoryBytes = Infinity } = groupLimits()): number {
  const share = Math.floor((memoryBytes - coordinatorBytes) / workers) - workerBytes;
  return collectorBytesOf(share);
}

/** A size for display, such as `256MiB`. */
export function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / MiB)}MiB`;
}
