/**
 * Calls an app's `map` for one record after the other, in a job that skips bad records. When `map` throws, the attempt
 * takes back what the record emitted, tries the record again, and skips it when `map` throws again. So bad records cost
 * no attempt.
 *
 * Some errors still end the attempt, and the coordinator decides what to do: errors that are not the record's fault,
 * such as an error of `combine`; a record that has emitted too much to be taken back, or whose value cannot be made again;
 * and one record more than the attempt may skip.
 */
import { isThenable } from "../app/json-value.js";
import { BadRecordError } from "../input/bad-record-error.js";
import type { RecordReader } from "../input/record-reader.js";
import type { RecordSource, SplitSource } from "../input/records.js";
import { firstPosition } from "../model/record-position.js";
import { noteRecord } from "./at-work.js";
import { SequentialGate } from "./emit-gate.js";
import { failureOf } from "./failure.js";
import type { MapAttemptContext, MapOfPart, MapOfRecords, MappedRecords } from "./map-context.js";
import { keepPristine } from "./pristine-value.js";
import { RecordContext } from "./record-context.js";
import type { RecordHold } from "./record-hold.js";
import { emitAll } from "./returned-pairs.js";
import type { DescribeMalformed } from "./records-of-parts.js";
import type { SkippedRecords } from "./skipped-records.js";
import { isBlamed, type Progress } from "./task-context.js";

/** Longer bytes are not copied, so such a record cannot be tried again. */
const copiedBytesMax = 16 * 2 ** 20;
const namedByLineMax = 10;

/** How an attempt skips bad records by itself. */
export interface Skipping {
  readonly hold: RecordHold;
  readonly skipped: SkippedRecords;
}

/** Maps all records of the source except for the bad ones. Throws the errors that end the attempt. */
export async function mapSkipping(
  source: RecordSource,
  mapOf: MapOfPart,
  context: MapAttemptContext,
  progress: Progress,
  skipping: Skipping,
): Promise<MappedRecords> {
  const run = new SkippingRun(context, progress, skipping);
  try {
    for (const [index, part] of source.parts.entries()) {
      context.beginFile(part.split.file);
      await run.mapPart(part, mapOf(part), firstPosition(index));
    }
  } catch (error) {
    // So that `teardown` may emit as after any other error.
    skipping.hold.takeBack();
    throw error;
  }
  context.endFiles();
  return run;
}

/** Whether the record is to blame for an error that `map` threw, rather than the disk, another file, or late work. */
export function isOfRecord(error: unknown): boolean {
  return failureOf(error).class === "error";
}

/**
 * Names the first malformed records of an attempt by their lines, and the others by their bytes: to count lines, the
 * engine reads the file from its beginning.
 */
export function describingMalformed(): DescribeMalformed {
  let count = 0;
  return (part, error) => {
    count += 1;
    return count <= namedByLineMax ? part.describe(error) : namedByOffset(error, part.split.file);
  };
}

function namedByOffset({ offset, endOffset, message, cause }: BadRecordError, file: string): BadRecordError {
  return new BadRecordError(offset, endOffset, `${file}, at byte ${offset}: ${message}`, { cause });
}

class SkippingRun implements MappedRecords {
  readonly #attempt: MapAttemptContext;
  readonly #progress: Progress;
  readonly #hold: RecordHold;
  readonly #skipped: SkippedRecords;
  readonly #describe = describingMalformed();
  #map: MapOfRecords["map"];
  #context!: RecordContext;
  /** Whether an earlier record had the same context. */
  #isContextShared = false;
  /** A copy of the bytes of the current record. */
  #bytesBefore = Buffer.alloc(0);
  /** Returns the current object of the app's own reader as it was before `map` received it. */
  #pristine: (() => unknown) | undefined;
  records = 0;
  bytes = 0;

  constructor(context: MapAttemptContext, progress: Progress, skipping: Skipping) {
    this.#attempt = context;
    this.#progress = progress;
    this.#hold = skipping.hold;
    this.#skipped = skipping.skipped;
  }

  async mapPart(part: SplitSource, { open, map }: MapOfRecords, first: number): Promise<void> {
    const reader = await open(part, this.#attempt);
    this.#map = map;
    this.#context = this.#newContext();
    try {
      await this.#mapRecords(reader, part, first);
    } finally {
      await reader.close();
    }
  }

  async #mapRecords(reader: RecordReader<unknown>, part: SplitSource, first: number): Promise<void> {
    const progress = this.#progress;
    const bytesBefore = this.bytes;
    const isCountedByReader = reader.bytesRead !== undefined;
    for (;;) {
      try {
        let isThere = reader.next();
        if (isThere !== true) {
          progress.beginRecord(NaN);
          if (typeof isThere !== "boolean") isThere = await isThere;
          if (!isThere) return;
        }
      } catch (error) {
        progress.beginRecord(NaN);
        if (!(error instanceof BadRecordError)) throw error;
        progress.beginRecord(first + error.offset);
        const described = await (this.#skipped.isFull ? part.describe(error) : this.#describe(part, error));
        this.#skipped.skip(first + error.offset, first + error.endOffset, described);
        continue;
      }
      const { offset } = reader;
      this.#attempt.offset = offset;
      this.#context.offset = offset;
      progress.beginRecord(first + offset);
      let isMapped = this.#mapRecord(reader, first);
      if (typeof isMapped !== "boolean") isMapped = await isMapped;
      if (!isMapped) continue;
      this.records += 1;
      this.bytes = isCountedByReader ? bytesBefore + (reader.bytesRead ?? 0) : this.bytes + (reader.endOffset - offset);
      progress.set(this.records, this.bytes);
    }
  }

  /** Maps one record, and returns whether it is good. Returns a promise only if the app does, or the record fails. */
  #mapRecord(reader: RecordReader<unknown>, first: number): boolean | Promise<boolean> {
    const { value } = reader;
    if (typeof value === "object" && value !== null) this.#prepareToRemake(reader, value);
    let pending: PromiseLike<void> | undefined;
    try {
      pending = this.#call(value);
    } catch (error) {
      return this.#tryAgain(reader, first, error);
    }
    if (pending !== undefined) return this.#whenMapped(reader, first, pending);
    this.#hold.deliver();
    this.#isContextShared = true;
    return true;
  }

  async #whenMapped(reader: RecordReader<unknown>, first: number, pending: PromiseLike<void>): Promise<boolean> {
    try {
      await pending;
    } catch (error) {
      return this.#tryAgain(reader, first, error);
    }
    this.#endAwaited();
    return true;
  }

  /** Maps a record again at which `map` has thrown, and skips it when `map` throws again. */
  async #tryAgain(reader: RecordReader<unknown>, first: number, firstError: unknown): Promise<boolean> {
    this.#takeBack(firstError, reader.value);
    const value = this.#remade(reader);
    // An object that the app may have changed could give wrong pairs now.
    if (value === undefined && reader.value !== undefined) throw noted(firstError, reader.value);
    try {
      await this.#call(value);
    } catch (error) {
      this.#takeBack(error, value);
      noteRecord(error, value);
      this.#skipped.skip(first + reader.offset, first + reader.endOffset, error);
      return false;
    }
    this.#endAwaited();
    return true;
  }

  #call(value: unknown): PromiseLike<void> | undefined {
    const hold = this.#hold;
    const context = this.#context;
    hold.begin();
    hold.isMapRunning = true;
    const result = this.#map?.(context.filename, value, context);
    const pending =
      result === undefined
        ? undefined
        : isThenable(result)
          ? Promise.resolve(result).then((pairs) => emitAll(pairs, hold))
          : emitAll(result, hold);
    hold.isMapRunning = false;
    return pending;
  }

  /** `map` has awaited something for the record: a later call through its context is late. */
  #endAwaited(): void {
    this.#hold.deliver();
    this.#context.end();
    this.#context = this.#newContext();
  }

  /** Takes back what the record has emitted. Throws the error when that is impossible, or the record is not to blame. */
  #takeBack(error: unknown, value: unknown): void {
    const isToBlame = isBlamed(this.#progress) && !this.#attempt.signal.aborted;
    const isTakenBack = this.#hold.takeBack();
    // A call through this context may now be late work of the record. Earlier records may have such work, too.
    if (this.#isContextShared) this.#context.end();
    else this.#context.cancel();
    this.#context = this.#newContext();
    if (!isToBlame) throw error;
    if (!isTakenBack || !isOfRecord(error)) throw noted(error, value);
  }

  /** To be called before the app gets an object, which it may change. */
  #prepareToRemake(reader: RecordReader<unknown>, value: object): void {
    if (!(value instanceof Uint8Array)) {
      if (reader.again === undefined) this.#pristine = keepPristine(value);
      return;
    }
    const { length } = value;
    if (length > copiedBytesMax) return;
    if (length > this.#bytesBefore.length) this.#bytesBefore = Buffer.allocUnsafeSlow(2 * length);
    this.#bytesBefore.set(value);
  }

  /** Returns the current value as it was before `map` received it; undefined when that is impossible. */
  #remade(reader: RecordReader<unknown>): unknown {
    const { value } = reader;
    if (typeof value !== "object" || value === null) return value;
    if (!(value instanceof Uint8Array)) return reader.again === undefined ? this.#pristine?.() : reader.again();
    if (value.length > copiedBytesMax) return undefined;
    // Of the same class, such as Buffer.
    const copy = Uint8Array.prototype.slice.call(value);
    copy.set(this.#bytesBefore.subarray(0, value.length));
    return copy;
  }

  #newContext(): RecordContext {
    const attempt = this.#attempt;
    const hold = this.#hold;
    const gate = new SequentialGate(attempt.gate, () => hold.isMapRunning);
    this.#isContextShared = false;
    const { filename: file, offset } = attempt;
    return new RecordContext(attempt, { file, offset }, hold, gate, attempt.signal);
  }
}

function noted(error: unknown, value: unknown): unknown {
  noteRecord(error, value);
  return error;
}
