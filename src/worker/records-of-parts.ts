import { BadRecordError } from "../input/bad-record-error.js";
import type { RecordReader } from "../input/record-reader.js";
import type { RecordSource, SplitSource } from "../input/records.js";
import { firstPosition } from "../model/record-position.js";
import { keepPristine } from "./pristine-value.js";
import type { MapAttemptContext, MapFunction, MapOfPart } from "./map-context.js";

/** Adds to the error of a malformed record where it is. */
export type DescribeMalformed = (part: SplitSource, error: BadRecordError) => Error | Promise<Error>;

/** Reads the records of all parts of a source one after the other, as one sequence. */
export class RecordsOfParts {
  readonly #parts: RecordSource["parts"];
  readonly #mapOf: MapOfPart;
  readonly #context: MapAttemptContext;
  readonly #describe: DescribeMalformed;
  #opened = 0;
  #map: MapFunction<unknown>;
  #reader: RecordReader<unknown> | undefined;
  #bytesRead = 0;
  /** The position of the malformed record that `next` has thrown an error for; `NaN` for none. */
  badPosition = NaN;

  /** `describe` adds its place to the error of a malformed record. */
  constructor(
    { parts }: RecordSource,
    mapOf: MapOfPart,
    context: MapAttemptContext,
    describe: DescribeMalformed = (part, error) => part.describe(error),
  ) {
    this.#describe = describe;
    this.#parts = parts;
    this.#mapOf = mapOf;
    this.#context = context;
  }

  /** Advances to the next record; false at the end. Throws the errors of reading, which name the place. */
  next(): boolean | Promise<boolean> {
    const reader = this.#reader;
    if (reader === undefined) return this.#openNext();
    try {
      const isThere = reader.next();
      if (isThere === true) return true;
      return isThere === false ? this.#openNext() : this.#whenThere(isThere);
    } catch (error) {
      return this.#rethrow(error);
    }
  }

  /** The current record, and the function for it. Bytes are lent until the next call of `next`. */
  current() {
    const reader = this.#reader;
    if (reader === undefined) throw new Error("there is no record before the first call of next");
    const { value, offset, endOffset, bytesRead } = reader;
    const length = endOffset - offset;
    // Some readers count what they have read, because their offsets do not tell it.
    const bytes = bytesRead === undefined ? length : bytesRead - this.#bytesRead;
    this.#bytesRead += bytes;
    const file = this.#context.filename;
    return { value, map: this.#map, file, offset, position: firstPosition(this.#opened - 1) + offset, length, bytes };
  }

  /** Returns a function that makes the current value anew, whatever the app does to it; undefined when that is impossible. */
  remaking(): (() => unknown) | undefined {
    const reader = this.#reader;
    const value = reader?.again === undefined ? undefined : reader.again();
    // A second object, which the app never receives before the record is tried again.
    return value === undefined ? keepPristine(reader?.value) : () => value;
  }

  /** Closes the file that is open. To be called once, in any state. */
  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close();
  }

  async #openNext(): Promise<boolean> {
    await this.close();
    const part = this.#parts[this.#opened];
    if (part === undefined) {
      this.#context.endFiles();
      return false;
    }
    this.#opened += 1;
    this.#bytesRead = 0;
    this.#context.beginFile(part.split.file);
    const { open, map } = this.#mapOf(part);
    this.#map = map;
    this.#reader = await open(part, this.#context);
    return this.next();
  }

  async #whenThere(pending: Promise<boolean>): Promise<boolean> {
    let isThere: boolean;
    try {
      isThere = await pending;
    } catch (error) {
      return this.#rethrow(error);
    }
    return isThere || this.#openNext();
  }

  async #rethrow(error: unknown): Promise<never> {
    const part = this.#parts[this.#opened - 1];
    if (!(error instanceof BadRecordError) || part === undefined) throw error;
    this.badPosition = firstPosition(this.#opened - 1) + error.offset;
    throw await this.#describe(part, error);
  }
}
