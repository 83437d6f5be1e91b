/**
 * Ends an attempt that takes too much memory before it takes down the whole process.
 *
 * V8 limits the heap of a thread, and ends only the thread when many small objects fill the heap. But it ends the
 * process when a single array or map outgrows the limit, and Buffers are outside the heap. So the agent watches the
 * whole process: an attempt may use as much as V8 grants to a heap, in addition to the engine's own use. The limit of
 * the thread's heap is set higher, so that this limit applies first.
 *
 * A container has less memory than its machine. When its processes have nearly used it up, the system kills one of
 * them; before that, this ends an attempt that has taken much.
 */
import { getHeapStatistics } from "node:v8";
import { groupLimits, workersDefault } from "../machine/budget.js";
import { usedMemoryBytes } from "../machine/cgroup.js";
import type { Assignment } from "../rpc/protocol.js";

const lookIntervalMs = 50;
/** For memory outside all heaps: blocks being read, code, and the system's own use. */
const outsideHeapBytes = 512 * 2 ** 20;
/** The share of a container's memory that its processes may use. */
const groupShareMax = 0.9;

/** Calls `onExceeded` once when the process takes more than an attempt may. Returns a function that stops the watch. */
export function watchMemory(collectorBytes: number, onExceeded: () => void): () => void {
  const mayTakeBytes = heapBytesMax() + collectorBytes + outsideHeapBytes;
  // This excludes memory of earlier attempts that the system has not reclaimed yet.
  const bytesBefore = process.memoryUsage.rss();
  const limitBytes = Math.max(mayTakeBytes, bytesBefore + mayTakeBytes / 2);
  const timer = setInterval(() => {
    const usedBytes = process.memoryUsage.rss();
    if (usedBytes <= limitBytes && !isToBlameForGroup(usedBytes - bytesBefore)) return;
    clearInterval(timer);
    onExceeded();
  }, lookIntervalMs);
  return () => clearInterval(timer);
}

/** Whether the container's memory is nearly used up, and an attempt has taken a good part of a worker's share. */
function isToBlameForGroup(takenBytes: number): boolean {
  const { memoryBytes, memoryStatistics } = groupLimits();
  if (memoryBytes === undefined || memoryStatistics === undefined) return false;
  if (takenBytes <= memoryBytes / workersDefault().workers / 2) return false;
  return (usedMemoryBytes(memoryStatistics) ?? 0) > groupShareMax * memoryBytes;
}

/** The message about an attempt that ran out of memory. */
export function memoryMessage(kind: Assignment["type"] | undefined): string {
  const ways =
    kind === "reduce"
      ? "export reduceStream, which gets the values one by one, or combine"
      : 'emit pairs instead of collecting them, let the app export input = "text" or "lines", or make --split-size smaller';
  const { memoryBytes } = groupLimits();
  const ofGroup = memoryBytes === undefined ? "" : `, and all processes of the container ${inMebibytes(memoryBytes)}`;
  return `the app's thread ran out of memory (its heap may have ${inMebibytes(heapBytesMax())}${ofGroup}): ${ways}`;
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** As V8 sets it for this machine, or as `--max-old-space-size` says. */
function heapBytesMax(): number {
  return getHeapStatistics().heap_size_limit;
}
