import type { StoredFile } from "../stored-file.js";
import { IntermediateReader } from "./intermediate-reader.js";
import type { ReaderOptions } from "./line-blocks.js";
import { LineKey } from "./line-key.js";
import { LineValues } from "./line-values.js";
import { ReaderTournament } from "./reader-tournament.js";

/**
 * The lines of several sorted intermediate files as one sorted sequence, key by key; the lines of a key come in the
 * order of the inputs.
 *
 * Nothing is opened before the first key is requested. An error closes everything, and every later call throws it
 * again: a caller that swallows it cannot continue with half of the data. Throws what IntermediateReader throws, and a
 * DamagedInputError for keys out of order.
 */
export class MergedLines {
  /** Pairs in the lines taken or skipped. */
  pairs = 0;
  readonly #inputs: readonly StoredFile[];
  readonly #options: ReaderOptions;
  readonly #onPairs: ((pairs: number) => void) | undefined;
  #readers: IntermediateReader[] | undefined;
  #tournament = new ReaderTournament([]);
  /** The current key, copied because its block is gone before its last line is reached. */
  readonly #key = new LineKey();
  /** Whether the first line in the tournament belongs to the current key. */
  #hasLine = false;
  readonly #values = new LineValues();
  #failure: { readonly error: unknown } | undefined;

  /** `onPairs` gets the number of pairs whenever a line is taken. */
  constructor(inputs: readonly StoredFile[], options: ReaderOptions, onPairs?: (pairs: number) => void) {
    this.#inputs = inputs;
    this.#options = options;
    this.#onPairs = onPairs;
  }

  /** Advances to the next key, skipping the remaining lines of the current one. Undefined at the end. */
  nextKey(): string | undefined {
    this.#requireNoFailure();
    try {
      if (this.#readers === undefined) this.#open();
      while (this.#hasLine) this.#take();
      const { first } = this.#tournament;
      if (first === undefined) return undefined;
      this.#key.copy(first.key);
      this.#hasLine = true;
      return first.keyString();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** The values of the current key's next line, valid until the next call; undefined when there are no more lines. */
  takeLine(): LineValues | undefined {
    this.#requireNoFailure();
    if (!this.#hasLine) return undefined;
    try {
      this.#take();
      this.#onPairs?.(this.pairs);
      return this.#values;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Closes all inputs. No lines follow. */
  close(): void {
    for (const reader of this.#readers ?? []) reader.close();
    this.#readers = [];
    this.#tournament = new ReaderTournament([]);
    this.#hasLine = false;
  }

  #open(): void {
    this.#readers = [];
    for (const input of this.#inputs) this.#readers.push(new IntermediateReader(input, this.#options));
    this.#tournament = new ReaderTournament(this.#readers);
  }

  /** Takes the first line in the tournament, which belongs to the current key, and advances its reader. */
  #take(): void {
    const { first } = this.#tournament;
    if (first === undefined) return;
    first.readValues(this.#values);
    this.pairs += this.#values.pairs;
    const isAtEnd = !first.nextLine();
    if (!isAtEnd) {
      const order = first.key.compare(this.#key);
      if (order < 0) throw first.keyOutOfOrder();
      if (order === 0) return;
    }
    this.#tournament.firstHasMoved(isAtEnd);
    this.#hasLine = this.#tournament.first?.key.compare(this.#key) === 0;
  }

  #requireNoFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #fail(error: unknown): unknown {
    this.#failure = { error };
    this.close();
    return error;
  }
}
