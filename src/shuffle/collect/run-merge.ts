import { wordsOf } from "../key-words.js";
import { MergeHeap } from "./merge-heap.js";
import type { RunReader } from "./run-reader.js";
import type { SortedSink } from "./sorted-sink.js";

/**
 * Merges runs, given in the order in which they were spilled, into one sorted sequence of pairs. The values of a key
 * come in the order of the runs, and so in the order of emission.
 */
export function mergeRuns(runs: readonly RunReader[], sink: SortedSink): void {
  const heap = new MergeHeap(
    runs.filter((run) => run.nextKey()),
    isBefore,
  );
  let key = new Int32Array(64);
  for (let { first } = heap; first !== undefined;) {
    // The reader's block moves on with the values, but the key is needed until its last value.
    const words = wordsOf(first.keyBytes);
    if (key.length < words) key = new Int32Array(words * 2);
    for (let at = 0; at < words; at++) key[at] = first.words[first.keyAt + at] ?? 0;
    sink.beginKey(first.partition, key, 0, first.keyBytes);
    const { partition, keyBytes } = first;
    do {
      while (first.nextValue()) sink.value(first.textBytes, first.textStart, first.textEnd, first.count);
      first = advance(heap);
    } while (first?.isAt(partition, key, keyBytes) === true);
    sink.endKey();
  }
}

/** Moves the first run to its next key and returns the run that is first now. */
function advance(heap: MergeHeap<RunReader>): RunReader | undefined {
  if (heap.first?.nextKey() === true) heap.firstHasMoved();
  else heap.removeFirst();
  return heap.first;
}

function isBefore(a: RunReader, b: RunReader): boolean {
  const order = a.compare(b);
  return order < 0 || (order === 0 && a.index < b.index);
}
