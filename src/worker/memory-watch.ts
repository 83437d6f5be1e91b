/**
 * Ends an attempt that takes too much memory before it takes down the whole process.
 *
 * V8 limits the heap of a thread, and ends only the thread when many small objects fill the heap. But it ends the
 * process when a single array or map outgrows the limit, and Buffers are outside the heap. So the agent watches the
 * whole process: an attempt may use as much as V8 grants to a heap, in addition to the engine's own use. The limit of
 * the thread's heap is set higher, so that this limit applies first.
 *
 * `--worker-memory` limits the process instead. V8 then has a smaller heap, so that garbage alone does not bring the
 * process to its limit; data that the app keeps, and Buffers, may.
 *
 * A container has less memory than its machine. When its processes have nearly used it up, the system kills one of
 * them; before that, this ends an attempt that has taken much.
 */
import { getHeapStatistics } from "node:v8";
import { groupLimits, workersDefault } from "../machine/budget.js";
import { usedMemoryBytes } from "../machine/cgroup.js";
import type { WorkerMemory } from "../machine/worker-memory.js";
import type { Assignment } from "../model/assignment.js";

const lookIntervalMs = 50;
/** For memory outside all heaps: blocks being read, code, and the system's own use. */
const outsideHeapBytes = 512 * 2 ** 20;
/** The share of a container's memory that its processes may use. */
const groupShareMax = 0.9;

/** The memory of an attempt's process: when the attempt began, and the most since. */
export interface ProcessMemory {
  readonly beforeBytes: number;
  readonly mostBytes: number;
}

/** Parts of the attempt's memory, as its thread measured them last. */
interface ThreadMemory {
  /** The heap of the app's thread. */
  readonly heapBytes: number;
  /** The pairs that the engine keeps for the attempt, which are outside that heap. */
  readonly pairBytes: number;
}

/** The limits of an attempt. */
interface MemoryLimits {
  /** The pairs of a map attempt (`--memory`). */
  readonly collectorBytes: number;
  /** The whole process (`--worker-memory`); undefined when V8's limit for a heap decides. */
  readonly limitBytes: number | undefined;
}

/** Calls `onExceeded` once when the process takes more than an attempt may. `stop` ends the watch. */
export function watchMemory(
  { collectorBytes, limitBytes: limitGiven }: MemoryLimits,
  onExceeded: () => void,
): { readonly memory: ProcessMemory; readonly stop: () => void } {
  const mayTakeBytes = heapBytesMax() + collectorBytes + outsideHeapBytes;
  // This excludes memory of earlier attempts that the system has not reclaimed yet.
  const bytesBefore = process.memoryUsage.rss();
  const memory = { beforeBytes: bytesBefore, mostBytes: bytesBefore };
  const limitBytes = limitGiven ?? Math.max(mayTakeBytes, bytesBefore + mayTakeBytes / 2);
  const timer = setInterval(() => {
    const usedBytes = process.memoryUsage.rss();
    memory.mostBytes = Math.max(memory.mostBytes, usedBytes);
    if (usedBytes <= limitBytes && !isToBlameForGroup(usedBytes - bytesBefore)) return;
    clearInterval(timer);
    onExceeded();
  }, lookIntervalMs);
  return { memory, stop: () => clearInterval(timer) };
}

/** Whether the container's memory is nearly used up, and an attempt has taken a good part of a worker's share. */
function isToBlameForGroup(takenBytes: number): boolean {
  const { memoryBytes, memoryStatistics } = groupLimits();
  if (memoryBytes === undefined || memoryStatistics === undefined) return false;
  if (takenBytes <= memoryBytes / workersDefault().workers / 2) return false;
  return (usedMemoryBytes(memoryStatistics) ?? 0) > groupShareMax * memoryBytes;
}

/** An attempt that ran out of memory. */
interface OutOfMemory {
  readonly kind: Assignment["type"] | undefined;
  /** Where it was, such as " at byte 40 of a.txt"; empty if unknown. */
  readonly where: string;
  readonly process: ProcessMemory | undefined;
  /** Undefined when the attempt ended before its thread measured it. */
  readonly thread: ThreadMemory | undefined;
  /** How much memory the pairs may take (`--memory`). */
  readonly collectorBytes: number;
  /** The memory of the process; undefined for no limit. */
  readonly limit: WorkerMemory | undefined;
}

/** The message about an attempt that ran out of memory: where it was, what grew, and what helps. */
export function memoryMessage({ kind, where, process, thread, collectorBytes, limit }: OutOfMemory): string {
  const { memoryBytes } = groupLimits();
  const ofGroup = memoryBytes === undefined ? "" : `, and all processes of the container ${inMebibytes(memoryBytes)}`;
  const ofProcess = limit === undefined ? "" : `, its process with --worker-memory ${inMebibytes(limit.limitBytes)}`;
  const limits = `its heap may have ${inMebibytes(limit?.heapBytes ?? heapBytesMax())}${ofProcess}${ofGroup}`;
  const pairBytes = thread?.pairBytes ?? collectorBytes;
  const grownBytes = process === undefined ? 0 : process.mostBytes - process.beforeBytes;
  const grown = process === undefined ? [] : [grownText(process, grownBytes, kind, thread, collectorBytes)];
  const arePairs = kind === "map" && thread !== undefined && pairBytes > grownBytes / 2;
  const wayOut = [...waysOut(kind, arePairs), ...(limit === undefined ? [] : ["make --worker-memory larger"])].join(
    ", or ",
  );
  return [`the app's thread ran out of memory${where} (${limits})`, ...grown, wayOut]
    .filter((part) => part !== "")
    .join(": ");
}

function grownText(
  { beforeBytes, mostBytes }: ProcessMemory,
  grownBytes: number,
  kind: OutOfMemory["kind"],
  thread: ThreadMemory | undefined,
  collectorBytes: number,
): string {
  const [before, most] = [inMebibytes(beforeBytes), inMebibytes(mostBytes)];
  const grew = before === most ? `its process kept its ${most}` : `its process grew from ${before} to ${most}`;
  if (kind !== "map") return `${grew}, by what the app keeps and the values of its key`;
  if (thread === undefined) {
    const rest = grownBytes > 2 * collectorBytes ? ", so most of it is what the app keeps" : "";
    return `${grew}, of which the engine's pairs may take ${inMebibytes(collectorBytes)}${rest}`;
  }
  const { heapBytes, pairBytes } = thread;
  const cause = pairBytes > grownBytes / 2 ? "the engine's pairs" : "what the app keeps";
  return (
    `${grew}, mostly by ${cause} ` +
    `(when last measured, the app's heap had ${inMebibytes(heapBytes)}, and the pairs ${inMebibytes(pairBytes)})`
  );
}

/** There is none when the app takes the memory while it is loaded. */
function waysOut(kind: OutOfMemory["kind"], arePairs: boolean): string[] {
  if (kind === undefined) return [];
  if (kind === "combine") return ["let combine return less"];
  if (kind === "reduce") return ["export reduceStream, which gets the values one by one, or combine"];
  if (arePairs) return ["make --memory smaller"];
  return [
    'emit pairs instead of collecting them, let the app export input = "text" or "lines", or make --split-size smaller',
  ];
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** As V8 sets it for this machine, or as `--max-old-space-size` says. */
function heapBytesMax(): number {
  return getHeapStatistics().heap_size_limit;
}
