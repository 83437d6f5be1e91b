import { KeyLog } from "./key-log.js";
import { widthMax } from "./number-rows.js";

/**
 * A part is full when it has this many pairs per key that the table has in the part, because the table then brings most
 * keys into the cache for several pairs at once. A part with few keys stays in the cache anyway.
 */
const pairsPerKey = 4;
const pairsMin = 32;

/**
 * Pairs on their way into the row table. Their keys are in a key log, and their rows in the same order beside it:
 *
 *     keys of part 0   │ hash keyBytes · key … │ hash keyBytes · key … │
 *     rows of part 0   │ 1.5 7                 │ 2 9                   │
 */
export class RowLog {
  /** The keys, in parts. */
  readonly keys: KeyLog;
  /** How many numbers a row has. */
  readonly rowNumbers: number;
  readonly #width: number;
  /** For each part its numbers, how many these are, and how many make it full. */
  readonly #numbers: Float64Array[];
  readonly #ends: Int32Array;
  readonly #fullEnds: Int32Array;
  readonly #fullEndMax: number;
  /** The row being added. */
  readonly #row: Float64Array;

  /** `width` is the length of each array, 0 for plain numbers. `bytesMax` roughly limits all parts together. */
  constructor(width: number, bytesMax: number, hashSeed: number) {
    this.keys = new KeyLog(bytesMax / 2, hashSeed);
    const { parts } = this.keys;
    this.rowNumbers = Math.max(width, 1);
    this.#width = width;
    this.#numbers = Array.from({ length: parts }, () => new Float64Array(0));
    this.#ends = new Int32Array(parts);
    this.#fullEndMax = Math.floor(bytesMax / 2 / parts / 8);
    this.#fullEnds = new Int32Array(parts).fill(this.#fullEndFor(0));
    this.#row = new Float64Array(this.rowNumbers);
  }

  /** Adds a pair and returns its part; −1 if the value is no row of this width. */
  add(key: string, value: unknown): number {
    return readRow(value, this.#width, this.#row) ? this.#addRow(this.keys.add(key, 0)) : -1;
  }

  /** Like `add`, for the key in `buffer` from `start` to `end`, in UTF-8; invalid UTF-8 becomes U+FFFD. */
  addBytes(buffer: Uint8Array, start: number, end: number, value: unknown): number {
    return readRow(value, this.#width, this.#row) ? this.#addRow(this.keys.addBytes(buffer, start, end, 0)) : -1;
  }

  /** Whether the table must take in a part before anything is added to it. */
  isFull(part: number): boolean {
    return (this.#ends[part] ?? 0) >= (this.#fullEnds[part] ?? 0) || this.keys.isFull(part);
  }

  /** The numbers of a part's rows, one row after the other. */
  rowsOf(part: number): Float64Array {
    return this.#numbers[part] ?? this.#row;
  }

  /** How many pairs a part has. */
  pairsOf(part: number): number {
    return (this.#ends[part] ?? 0) / this.rowNumbers;
  }

  /** Forgets the pairs of a part, for which the table now has that many keys. */
  clear(part: number, keys: number): void {
    this.keys.clear(part);
    this.#ends[part] = 0;
    this.#fullEnds[part] = this.#fullEndFor(keys);
  }

  #fullEndFor(keys: number): number {
    return Math.min(this.#fullEndMax, Math.max(pairsMin, pairsPerKey * keys) * this.rowNumbers);
  }

  #addRow(part: number): number {
    const from = this.#ends[part] ?? 0;
    const end = from + this.rowNumbers;
    if (end > this.rowsOf(part).length) this.#grow(part, end);
    const rows = this.rowsOf(part);
    const row = this.#row;
    for (let at = 0; at < row.length; at++) rows[from + at] = row[at] ?? 0;
    this.#ends[part] = end;
    return part;
  }

  #grow(part: number, numbers: number): void {
    const old = this.rowsOf(part);
    const grown = new Float64Array(Math.max(numbers, Math.min(4 * old.length, this.#fullEnds[part] ?? 0)));
    grown.set(old);
    this.#numbers[part] = grown;
  }
}

/** The width of the rows to which a value may belong: an array's length, 0 for a number, −1 for any other value. */
export function rowWidth(value: unknown): number {
  if (typeof value === "number") return 0;
  return Array.isArray(value) && value.length > 0 && value.length <= widthMax ? value.length : -1;
}

/** Copies a value into `row`, if it is a row of that width and JSON keeps it as it is. */
export function readRow(value: unknown, width: number, row: Float64Array): boolean {
  if (typeof value === "number") {
    if (width > 0 || !Number.isFinite(value)) return false;
    // JSON has no -0.
    row[0] = value + 0;
    return true;
  }
  if (!Array.isArray(value) || value.length !== width || width === 0 || "toJSON" in value) return false;
  for (let at = 0; at < width; at++) {
    const number: unknown = value[at];
    if (typeof number !== "number" || !Number.isFinite(number)) return false;
    row[at] = number + 0;
  }
  return true;
}
