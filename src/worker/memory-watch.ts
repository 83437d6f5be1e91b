/**
 * Ends an attempt that takes too much memory before its thread takes down the whole process.
 *
 * V8 keeps the heap of a thread within a limit, and ends the thread alone when many small objects fill it. But it ends the
 * process when a single array or map grows past the limit, and Buffers are not in the heap at all. So the agent watches the
 * whole process: an attempt may have as much as V8 grants to a heap, and what the engine takes beside it. The limit of the
 * thread's heap is set higher than that, so that this limit comes first.
 *
 * A container has less memory than its machine. When its processes together have nearly used it up, the system kills one of
 * them; before that, this ends an attempt that has taken much.
 */
import { getHeapStatistics } from "node:v8";
import { groupLimits, workersDefault } from "../machine/budget.js";
import { usedMemoryBytes } from "../machine/cgroup.js";
import type { Assignment } from "../rpc/protocol.js";

const lookIntervalMs = 50;
/** For what is in the heap of no thread: blocks that are read, the code, what the system takes. */
const outsideHeapBytes = 512 * 2 ** 20;
/** How much of a container's memory its processes may use. */
const groupShareMax = 0.9;

/** Calls `onExceeded` once when the process takes more than an attempt may. Returns the function that stops it. */
export function watchMemory(collectorBytes: number, onExceeded: () => void): () => void {
  const mayTakeBytes = heapBytesMax() + collectorBytes + outsideHeapBytes;
  // What an earlier attempt has left, and the system has not taken back yet, is not this one's.
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

/** Whether the container's memory is nearly used up, and an attempt has taken a good part of what a worker may have. */
function isToBlameForGroup(takenBytes: number): boolean {
  const { memoryBytes, memoryStatistics } = groupLimits();
  if (memoryBytes === undefined || memoryStatistics === undefined) return false;
  if (takenBytes <= memoryBytes / workersDefault().workers / 2) return false;
  return (usedMemoryBytes(memoryStatistics) ?? 0) > groupShareMax * memoryBytes;
}

/** What to say of an attempt that ran out of memory. */
export function memoryMessage(kind: Assignment["type"] | undefined): string {
  const ways =
    kind === "reduce"
      ? "export reduceStream, which is given the values one by one, or a combine"
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
