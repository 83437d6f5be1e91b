import { getHeapStatistics } from "node:v8";
import { collectGarbage } from "./collect-garbage.js";

/** Collects garbage, and returns how much memory is kept nevertheless: in the heap of this thread, and in Buffers. */
export function keptBytes(): number {
  collectGarbage();
  const { used_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
  return heapBytes + externalBytes;
}
