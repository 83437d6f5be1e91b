import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects garbage, and returns how much memory is kept nevertheless: in the heap of this thread, and in Buffers. */
export function keptBytes(): number {
  // Without the flag on the command line, only a context that is created later has the function.
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { used_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
  return heapBytes + externalBytes;
}
