import type { JsonValue } from "../app/contract.js";
import { requireStringKey } from "../app/given.js";
import { decodedRange, requireRange } from "../shuffle/collect/byte-ranges.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { isImmutable, travelledValue } from "../shuffle/collect/travelled-value.js";
import { valueBytes } from "../shuffle/collect/value-bytes.js";

/** The memory for one pair beside its texts. */
const pairBytes = 64;
const bufferBytesMin = 1024;
/** Shorter ranges are copied faster byte by byte. */
const shortBytes = 24;
/** After more pairs than this, new arrays replace the old ones, which would keep many strings alive. */
const reusedPairsMax = 1024;
/** In place of a value that lies in the buffer. */
const isInBuffer = Symbol("the value is in the buffer");

/** Keeps pairs until they are delivered to the taker behind it. */
export interface PairHold extends PairTaker {
  /** An estimate of the memory for the pairs that it keeps. */
  readonly bytes: number;
  /** Gives all pairs to the taker, and forgets them, even if the taker throws. */
  deliver(): void;
  /** Forgets all pairs. */
  clear(): void;
}

/**
 * Keeps the pairs that the app emits for one record. It checks and copies them as they come, so an app may
 * reuse its objects and buffers, and an error is thrown where the app calls `emit`.
 *
 * The arrays are reused for the next pairs: keeping a pair of primitive values allocates nothing.
 */
export class HeldPairs implements PairHold {
  /** Each a string, or where the key begins in the buffer. */
  #keys: (string | number)[] = [];
  #values: (JsonValue | typeof isInBuffer)[] = [];
  /** For each key in the buffer where it ends, followed by where a value behind it ends. */
  #ends: number[] = [];
  #endCount = 0;
  #buffer: Uint8Array = new Uint8Array(0);
  #bufferEnd = 0;
  readonly #taker: PairTaker;
  readonly #check: ((key: string, value: JsonValue) => void) | undefined;
  pairs = 0;
  bytes = 0;

  /** `check` is called with each pair before it is kept; it throws when the pair cannot be delivered. */
  constructor(taker: PairTaker, check?: (key: string, value: JsonValue) => void) {
    this.#taker = taker;
    this.#check = check;
  }

  emit(key: string, value: JsonValue): void {
    if (typeof key !== "string") requireStringKey("emit", key);
    const own = isImmutable(value) ? value : travelledValue("emit", key, value);
    this.#check?.(key, own);
    this.#add(key, own);
    this.bytes += pairBytes + 2 * key.length + valueBytes(own);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    requireRange("emitBytes", buffer, start, end);
    const own = isImmutable(value) ? value : travelledValue("emit", decodedRange(buffer, start, end), value);
    this.#check?.(decodedRange(buffer, start, end), own);
    const at = this.#copy(buffer, start, end);
    this.#add(at, own);
    this.#ends[this.#endCount++] = at + end - start;
    this.bytes += pairBytes + end - start + valueBytes(own);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    requireRange("emitSlices", buffer, keyStart, keyEnd);
    requireRange("emitSlices", buffer, valueStart, valueEnd);
    this.#check?.(decodedRange(buffer, keyStart, keyEnd), decodedRange(buffer, valueStart, valueEnd));
    const at = this.#copy(buffer, keyStart, keyEnd);
    const valueAt = this.#copy(buffer, valueStart, valueEnd);
    this.#add(at, isInBuffer);
    this.#ends[this.#endCount++] = valueAt;
    this.#ends[this.#endCount++] = valueAt + valueEnd - valueStart;
    this.bytes += pairBytes + keyEnd - keyStart + valueEnd - valueStart;
  }

  deliver(): void {
    const taker = this.#taker;
    const keys = this.#keys;
    const values = this.#values;
    const ends = this.#ends;
    const buffer = this.#buffer;
    const count = this.pairs;
    let atEnd = 0;
    try {
      for (let index = 0; index < count; index++) {
        const key = keys[index] ?? "";
        const value = values[index] as JsonValue | typeof isInBuffer;
        if (typeof key === "string") taker.emit(key, value as JsonValue);
        else if (typeof value === "symbol") {
          const keyEnd = ends[atEnd] ?? 0;
          const valueEnd = ends[atEnd + 1] ?? 0;
          taker.emitSlices(buffer, key, keyEnd, keyEnd, valueEnd);
          atEnd += 2;
        } else {
          taker.emitBytes(buffer, key, ends[atEnd] ?? 0, value);
          atEnd += 1;
        }
      }
    } finally {
      this.clear();
    }
  }

  clear(): void {
    if (this.pairs > reusedPairsMax) {
      this.#keys = [];
      this.#values = [];
      this.#ends = [];
    }
    this.pairs = 0;
    this.#endCount = 0;
    this.#bufferEnd = 0;
    this.bytes = 0;
  }

  #add(key: string | number, value: JsonValue | typeof isInBuffer): void {
    this.#keys[this.pairs] = key;
    this.#values[this.pairs] = value;
    this.pairs += 1;
  }

  /** Copies a range into the buffer, and returns where. */
  #copy(from: Uint8Array, start: number, end: number): number {
    const at = this.#bufferEnd;
    this.#bufferEnd = at + end - start;
    if (this.#bufferEnd > this.#buffer.length) this.#grow();
    const buffer = this.#buffer;
    if (end - start <= shortBytes) {
      for (let read = start, write = at; read < end; read++, write++) buffer[write] = from[read] ?? 0;
    } else buffer.set(from.subarray(start, end), at);
    return at;
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(bufferBytesMin, 2 * this.#bufferEnd));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
