import type { JsonValue } from "../app/contract.js";
import { requireStringKey } from "../app/given.js";
import { requireRange } from "../shuffle/collect/byte-ranges.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { isImmutable } from "../shuffle/collect/travelled-value.js";
import { storedText, storedValue } from "../shuffle/stored-value.js";

/** Receives the pairs, counts and side file contents of a record. */
export interface RecordSink extends PairTaker {
  count(name: string, n: number): void;
  /** Appends to a side file; without data it only makes the file known. */
  writeSideFile(name: string, data?: string | Uint8Array): void;
}

/** An estimate of the memory that all records of an attempt hold, in bytes. */
export interface HeldBytes {
  bytes: number;
  readonly max: number;
}

/** The memory for one pair or count beside its texts. */
const itemBytes = 120;

/**
 * Keeps the pairs, counts and side file contents of one record in flight until all earlier records are delivered. It checks and
 * copies them as they come, so an app may reuse its objects and buffers, and an error is thrown where the app calls `emit`.
 *
 * The first record of those in flight does not have to wait. When the records hold too much, it delivers its pairs, and from
 * then on passes them on at once.
 */
export class HeldEmits implements PairTaker {
  readonly #sink: RecordSink;
  readonly #all: HeldBytes;
  #held: ((sink: RecordSink) => void)[] = [];
  #heldBytes = 0;
  #isFirst = false;
  #isDiscarded = false;
  #passesOn = false;
  pairs = 0;

  constructor(sink: RecordSink, all: HeldBytes) {
    this.#sink = sink;
    this.#all = all;
  }

  emit(key: string, value: JsonValue): void {
    if (this.#passesOn) {
      this.#sink.emit(key, value);
      return;
    }
    requireStringKey("emit", key);
    this.pairs += 1;
    if (isImmutable(value)) {
      const valueBytes = typeof value === "string" ? 2 * value.length : 0;
      this.#hold((sink) => sink.emit(key, value), 2 * key.length + valueBytes);
    } else {
      const text = storedText("emit", key, value);
      this.#hold((sink) => sink.emit(key, storedValue(text)), 2 * key.length + 2 * text.length);
    }
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    if (this.#passesOn) {
      this.#sink.emitBytes(buffer, start, end, value);
      return;
    }
    requireRange("emitBytes", buffer, start, end);
    const key = new Uint8Array(buffer.subarray(start, end));
    const text = isImmutable(value) ? undefined : storedText("emit", Buffer.from(key).toString(), value);
    this.pairs += 1;
    const valueBytes = text?.length ?? (typeof value === "string" ? value.length : 0);
    this.#hold(
      (sink) => {
        sink.emitBytes(key, 0, key.length, text === undefined ? value : storedValue(text));
      },
      key.length + 2 * valueBytes,
    );
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    if (this.#passesOn) {
      this.#sink.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
      return;
    }
    requireRange("emitSlices", buffer, keyStart, keyEnd);
    requireRange("emitSlices", buffer, valueStart, valueEnd);
    const keyBytes = keyEnd - keyStart;
    const both = new Uint8Array(keyBytes + valueEnd - valueStart);
    both.set(buffer.subarray(keyStart, keyEnd));
    both.set(buffer.subarray(valueStart, valueEnd), keyBytes);
    this.pairs += 1;
    this.#hold((sink) => sink.emitSlices(both, 0, keyBytes, keyBytes, both.length), both.length);
  }

  count(name: string, n: number): void {
    this.#hold((sink) => sink.count(name, n), 0);
  }

  writeSideFile(name: string, data?: string | Uint8Array): void {
    const copy = data instanceof Uint8Array ? new Uint8Array(data) : data;
    const length = copy === undefined ? 0 : copy.length;
    this.#hold((sink) => sink.writeSideFile(name, copy), 2 * length);
  }

  /** Whether pairs of the record are delivered, so that they cannot be taken back. */
  get isPassingOn(): boolean {
    return this.#passesOn;
  }

  /** Notes that all earlier records are delivered. */
  setFirst(): void {
    this.#isFirst = true;
    this.#passOnIfTooMuch();
  }

  /** Delivers everything that it keeps. */
  deliver(): void {
    const held = this.#held;
    this.#forget();
    for (const give of held) give(this.#sink);
  }

  /** Forgets everything that it keeps, and takes no more: an emit throws from now on, which ends a generator of pairs. */
  discard(): void {
    this.#isDiscarded = true;
    this.#passesOn = false;
    this.#forget();
  }

  #forget(): void {
    this.#held = [];
    this.#all.bytes -= this.#heldBytes;
    this.#heldBytes = 0;
  }

  #hold(give: (sink: RecordSink) => void, bytes: number): void {
    if (this.#passesOn) {
      give(this.#sink);
      return;
    }
    if (this.#isDiscarded) throw new Error("the record was cancelled");
    this.#held.push(give);
    this.#heldBytes += itemBytes + bytes;
    this.#all.bytes += itemBytes + bytes;
    if (this.#isFirst) this.#passOnIfTooMuch();
  }

  #passOnIfTooMuch(): void {
    if (this.#passesOn || this.#all.bytes <= this.#all.max) return;
    this.#passesOn = true;
    this.deliver();
  }
}
