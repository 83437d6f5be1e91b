import type { StoredFile } from "../rpc/protocol.js";
import type { IntermediateLine } from "./intermediate-format.js";
import { IntermediateReader, type ReaderOptions } from "./intermediate-reader.js";
import { compareKeys } from "./key-order.js";

/** An input and its next line. */
interface Cursor {
  readonly reader: IntermediateReader;
  /** The place of the input among the inputs. */
  readonly index: number;
  line: IntermediateLine;
}

/**
 * The lines of several sorted intermediate files as one sorted sequence; lines of one key come in the order of the
 * inputs. A binary heap holds the next line of each input (Knuth, The Art of Computer Programming 3, section 5.4.1).
 *
 * Nothing is opened before the first line is asked for. An error closes everything and is thrown again by every later
 * call: whoever swallows it cannot go on with half of the data.
 */
export class MergedLines {
  readonly #inputs: readonly StoredFile[];
  readonly #options: ReaderOptions;
  #readers: IntermediateReader[] | undefined;
  #heap: Cursor[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(inputs: readonly StoredFile[], options: ReaderOptions) {
    this.#inputs = inputs;
    this.#options = options;
  }

  /** The key of the next line, undefined at the end. */
  nextKey(): string | undefined {
    return this.#closingOnError(() => {
      this.#open();
      return this.#heap[0]?.line.key;
    });
  }

  /** The next line if it is one of this key, else undefined. */
  takeLineOf(key: string): IntermediateLine | undefined {
    return this.#closingOnError(() => {
      const first = this.#heap[0];
      if (first?.line.key !== key) return undefined;
      const { line } = first;
      this.#advance(first);
      return line;
    });
  }

  /** Closes all inputs. There are no more lines. */
  close(): void {
    for (const reader of this.#readers ?? []) reader.close();
    this.#readers = [];
    this.#heap = [];
  }

  #open(): void {
    if (this.#readers !== undefined) return;
    this.#readers = [];
    for (const input of this.#inputs) this.#readers.push(new IntermediateReader(input, this.#options));
    for (const [index, reader] of this.#readers.entries()) {
      const line = reader.next();
      if (line !== undefined) this.#heap.push({ reader, index, line });
    }
    for (let root = this.#heap.length >> 1; root >= 0; root--) siftDown(this.#heap, root);
  }

  /** Moves the first cursor of the heap to its next line. */
  #advance(first: Cursor): void {
    const line = first.reader.next();
    if (line !== undefined) first.line = line;
    else {
      const last = this.#heap.pop();
      if (last !== undefined && last !== first) this.#heap[0] = last;
    }
    siftDown(this.#heap, 0);
  }

  #closingOnError<Result>(action: () => Result): Result {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      return action();
    } catch (error) {
      this.#failure = { error };
      this.close();
      throw error;
    }
  }
}

/** Restores the heap below `root`, whose cursor may be greater than its children. */
function siftDown(heap: Cursor[], root: number): void {
  const cursor = heap[root];
  if (cursor === undefined) return;
  for (let hole = root; ;) {
    let child = 2 * hole + 1;
    let smallest = heap[child];
    const right = heap[child + 1];
    if (smallest !== undefined && right !== undefined && isBefore(right, smallest)) {
      smallest = right;
      child++;
    }
    if (smallest === undefined || !isBefore(smallest, cursor)) {
      heap[hole] = cursor;
      return;
    }
    heap[hole] = smallest;
    hole = child;
  }
}

function isBefore(a: Cursor, b: Cursor): boolean {
  const order = compareKeys(a.line.key, b.line.key);
  return order < 0 || (order === 0 && a.index < b.index);
}
