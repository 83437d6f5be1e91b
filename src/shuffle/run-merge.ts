import { wordsOf } from "./key-words.js";
import type { RunReader } from "./run-reader.js";
import type { SortedSink } from "./sorted-sink.js";

/**
 * Merges runs, given in the order in which they were spilled, into one sorted sequence of pairs. The values of a key come
 * in the order of the runs, which is that of emission. A binary heap holds the runs by their current key.
 */
export function mergeRuns(runs: readonly RunReader[], sink: SortedSink): void {
  const heap = runs.filter((run) => run.nextKey());
  for (let root = heap.length >> 1; root >= 0; root--) siftDown(heap, root);
  let key = new Int32Array(64);
  for (let first = heap[0]; first !== undefined;) {
    // The reader's block moves on with the values; the key is needed until the last of them.
    const words = wordsOf(first.keyBytes);
    if (key.length < words) key = new Int32Array(words * 2);
    for (let at = 0; at < words; at++) key[at] = first.words[first.keyAt + at] ?? 0;
    sink.beginKey(first.partition, key, 0, first.keyBytes);
    const { partition, keyBytes } = first;
    do {
      while (first.nextValue()) sink.value(first.textBytes, first.textStart, first.textEnd, first.count);
      first = advance(heap, first);
    } while (first?.isAt(partition, key, keyBytes) === true);
    sink.endKey();
  }
}

/** Moves the first run of the heap to its next key and returns the run that is first now. */
function advance(heap: RunReader[], first: RunReader): RunReader | undefined {
  if (!first.nextKey()) {
    const last = heap.pop();
    if (last !== undefined && last !== first) heap[0] = last;
  }
  siftDown(heap, 0);
  return heap[0];
}

/** Restores the heap below `root`, whose run may come after its children. */
function siftDown(heap: RunReader[], root: number): void {
  const run = heap[root];
  if (run === undefined) return;
  for (let hole = root; ;) {
    let child = 2 * hole + 1;
    let smallest = heap[child];
    const right = heap[child + 1];
    if (smallest !== undefined && right !== undefined && isBefore(right, smallest)) {
      smallest = right;
      child++;
    }
    if (smallest === undefined || !isBefore(smallest, run)) {
      heap[hole] = run;
      return;
    }
    heap[hole] = smallest;
    hole = child;
  }
}

function isBefore(a: RunReader, b: RunReader): boolean {
  const order = a.compare(b);
  return order < 0 || (order === 0 && a.index < b.index);
}
