/**
 * Ends an attempt that takes too much memory before its thread takes down the whole process.
 *
 * V8 keeps the heap of a thread within a limit, and ends the thread alone when many small objects fill it. But it ends the
 * process when a single array or map grows past the limit, and Buffers are not in the heap at all. So the process is
 * looked at from outside: an attempt may have as much as V8 gives to a heap, and what the engine takes beside it. The limit
 * of the thread's heap is set higher than that, so that this is what comes first.
 */
import { getHeapStatistics } from "node:v8";
import type { Assignment } from "../rpc/protocol.js";

const lookIntervalMs = 50;
/** For what is in the heap of no thread: blocks that are read, the code, what the system takes. */
const outsideHeapBytes = 512 * 2 ** 20;

/** Calls `onExceeded` once when the process takes more than an attempt may. Returns the function that stops it. */
export function watchMemory(collectorBytes: number, onExceeded: () => void): () => void {
  const mayTakeBytes = heapBytesMax() + collectorBytes + outsideHeapBytes;
  // What an earlier attempt has left, and the system has not taken back yet, is not this one's.
  const limitBytes = Math.max(mayTakeBytes, process.memoryUsage.rss() + mayTakeBytes / 2);
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() <= limitBytes) return;
    clearInterval(timer);
    onExceeded();
  }, lookIntervalMs);
  return () => clearInterval(timer);
}

/** What to say of an attempt that ran out of memory. */
export function memoryMessage(kind: Assignment["type"] | undefined): string {
  const ways =
    kind === "reduce"
      ? "export reduceStream, which is given the values one by one, or a combine"
      : 'emit pairs instead of collecting them, let the app export input = "text" or "lines", or make --split-size smaller';
  return `the app's thread ran out of memory (its heap may have ${Math.round(heapBytesMax() / 2 ** 20)} MiB): ${ways}`;
}

/** As V8 sets it for this machine, or as `--max-old-space-size` says. */
function heapBytesMax(): number {
  return getHeapStatistics().heap_size_limit;
}
