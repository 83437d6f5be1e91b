import { readableError, thrownText } from "../app/thrown.js";
import {
  skippedErrorBytesMax,
  skippedFramesCharactersMax,
  skippedMessageCharactersMax,
  skippedPerAttemptMax,
} from "../model/attempt-limits.js";
import type { NewlySkipped } from "../model/attempt.js";
import { SkipLimitError } from "./errors.js";

const omitted = "its error is not kept, because the task skipped too many records with different errors";

/**
 * The records that an attempt has skipped by itself, with the error of each. A report has limited space: equal texts are
 * stored once, long ones are cut, and when too many differ the last ones are omitted.
 */
export class SkippedRecords {
  readonly #max: number;
  readonly #records: NewlySkipped["records"] = [];
  readonly #messages = new Texts();
  readonly #frames = new Texts();

  /** `max` is how many records the attempt may skip. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Whether the attempt may skip no further record. */
  get isFull(): boolean {
    return this.#records.length >= this.#max;
  }

  /**
   * Skips the record at that position. Throws a SkipLimitError when the attempt may skip no further one, a RangeError when
   * a report cannot hold more.
   */
  skip(position: number, endPosition: number, thrown: unknown): void {
    if (this.isFull) throw new SkipLimitError(this.#records.length, thrown);
    if (this.#records.length >= skippedPerAttemptMax) {
      throw new RangeError(
        `the task has more than ${skippedPerAttemptMax} bad records, which is more than one task can report; ` +
          "make --split-size smaller",
      );
    }
    const error = readableError(thrown);
    const message = cut(thrownText(error), skippedMessageCharactersMax);
    const frames = cut(framesOf(error), skippedFramesCharactersMax);
    const bytesLeft = skippedErrorBytesMax - this.#messages.bytes - this.#frames.bytes;
    this.#records.push([
      position,
      endPosition,
      this.#messages.indexOf(bytesLeft >= 0 ? message : omitted),
      this.#frames.indexOf(bytesLeft >= 0 ? frames : ""),
    ]);
  }

  /** For the report; undefined for none. */
  get report(): NewlySkipped | undefined {
    if (this.#records.length === 0) return undefined;
    return { messages: this.#messages.list, frames: this.#frames.list, records: this.#records };
  }
}

/** Texts without repetitions. */
class Texts {
  readonly list: string[] = [];
  readonly #indexes = new Map<string, number>();
  bytes = 0;

  indexOf(text: string): number {
    const known = this.#indexes.get(text);
    if (known !== undefined) return known;
    this.bytes += Buffer.byteLength(JSON.stringify(text));
    this.#indexes.set(text, this.list.length);
    return this.list.push(text) - 1;
  }
}

/** The frames of an error's stack, which are the same for many records. */
function framesOf(error: unknown): string {
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  if (typeof stack !== "string") return "";
  const start = stack.search(/\n {4}at /);
  return start < 0 ? "" : stack.slice(start);
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
}
