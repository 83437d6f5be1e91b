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
 * Nothing is opened before the first key is asked for. An error closes everything and is thrown again by every later
 * call: whoever swallows it cannot go on with half of the data. Throws what IntermediateReader throws, and a
 * DamagedInputError for keys out of order.
 */
export class MergedLines {
  /** Number of pairs in the lines taken so far, or passed over. */
  pairs = 0;
  readonly #inputs: readonly StoredFile[];
  readonly #options: ReaderOptions;
  readonly #onPairs: ((pairs: number) => void) | undefined;
  #readers: IntermediateReader[] | undefined;
  #tournament = new ReaderTournament([]);
  /** The current key. It is kept here since the block it comes from is gone before its last line is reached. */
  readonly #key = new LineKey();
  /** Whether the first line in the tournament is one of the current key. */
  #hasLine = false;
  readonly #values = new LineValues();
  #failure: { readonly error: unknown } | undefined;

  /** `onPairs` is told the number of pairs whenever a line is taken. */
  constructor(inputs: readonly StoredFile[], options: ReaderOptions, onPairs?: (pairs: number) => void) {
    this.#inputs = inputs;
    this.#options = options;
    this.#onPairs = onPairs;
  }

  /** Goes on to the next key, past the lines of the current one that were not taken. Undefined at the end. */
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

  /** The values of the next line of the current key, there until the next call; undefined when it has no more lines. */
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

  /** Closes all inputs. There are no more lines. */
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

  /** Takes the first line in the tournament, which is one of the current key, and moves its reader on. */
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
