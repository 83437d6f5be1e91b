import type { StoredFile } from "../rpc/protocol.js";
import type { IntermediateLine } from "./intermediate-format.js";
import { IntermediateReader, type ReaderOptions } from "./intermediate-reader.js";
import { compareKeys } from "./key-order.js";
import { MergeHeap } from "./merge-heap.js";

/** An input and its next line. */
interface Cursor {
  readonly reader: IntermediateReader;
  /** The place of the input among the inputs. */
  readonly index: number;
  line: IntermediateLine;
}

/**
 * The lines of several sorted intermediate files as one sorted sequence; lines of one key come in the order of the
 * inputs.
 *
 * Nothing is opened before the first line is asked for. An error closes everything and is thrown again by every later
 * call: whoever swallows it cannot go on with half of the data.
 */
export class MergedLines {
  readonly #inputs: readonly StoredFile[];
  readonly #options: ReaderOptions;
  #readers: IntermediateReader[] | undefined;
  #heap = new MergeHeap<Cursor>([], isBefore);
  #failure: { readonly error: unknown } | undefined;

  constructor(inputs: readonly StoredFile[], options: ReaderOptions) {
    this.#inputs = inputs;
    this.#options = options;
  }

  /** The key of the next line, undefined at the end. */
  nextKey(): string | undefined {
    return this.#closingOnError(() => {
      this.#open();
      return this.#heap.first?.line.key;
    });
  }

  /** The next line if it is one of this key, else undefined. */
  takeLineOf(key: string): IntermediateLine | undefined {
    return this.#closingOnError(() => {
      const { first } = this.#heap;
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
    this.#heap = new MergeHeap<Cursor>([], isBefore);
  }

  #open(): void {
    if (this.#readers !== undefined) return;
    this.#readers = [];
    for (const input of this.#inputs) this.#readers.push(new IntermediateReader(input, this.#options));
    const cursors = this.#readers.flatMap((reader, index) => {
      const line = reader.next();
      return line === undefined ? [] : [{ reader, index, line }];
    });
    this.#heap = new MergeHeap<Cursor>(cursors, isBefore);
  }

  /** Moves the first cursor to its next line. */
  #advance(first: Cursor): void {
    const line = first.reader.next();
    if (line === undefined) this.#heap.removeFirst();
    else {
      first.line = line;
      this.#heap.firstHasMoved();
    }
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

function isBefore(a: Cursor, b: Cursor): boolean {
  const order = compareKeys(a.line.key, b.line.key);
  return order < 0 || (order === 0 && a.index < b.index);
}
