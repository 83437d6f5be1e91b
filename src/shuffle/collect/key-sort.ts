import { compareKeyWords, wordsOf } from "../key-words.js";
import type { KeyTable } from "./key-table.js";

/** The memory that sorting needs per key. */
export const sortBytesPerKey = 16;

/** Insertion sort handles ranges up to this length. */
const insertionLengthMax = 12;

/** Which half of a 64-bit number is the high one depends on the machine. */
const high = new Uint32Array(BigUint64Array.of(1n).buffer)[0] === 1 ? 1 : 0;
const low = 1 - high;

/**
 * Returns the records of a table in the order of partitions, and within a partition in the order of keys.
 *
 * One walk through the table gathers the first eight bytes of all keys, so that most keys are never read again. Each
 * key becomes a 64-bit number: its first four bytes in the high half, its place in that walk in the low half. The typed
 * array's own sort, which runs natively and in place, sorts the numbers of a partition. Where the four bytes are equal,
 * the next four replace them, and so on (a radix sort from the front with 32-bit digits). Short ranges are compared.
 *
 * A radix sort from the back over the same eight bytes, eleven bits at a time, takes longer (`npx tsx
 * bench/sort-keys.ts` measures both): it moves all keys to random places in memory once per digit.
 */
export function sortKeys(table: KeyTable, reducers: number): Uint32Array {
  return new KeySort(table, reducers).sorted();
}

class KeySort {
  readonly #table: KeyTable;
  readonly #numbers: BigUint64Array;
  readonly #halves: Uint32Array;
  /** By place: the record, and the second four bytes of its key. */
  readonly #records: Uint32Array;
  readonly #seconds: Uint32Array;
  /** Where each partition ends. */
  readonly #ends: Uint32Array;
  /** Ranges still to sort, each as from, to, depth. Not a recursion: keys may share any number of words. */
  readonly #pending: number[] = [];

  constructor(table: KeyTable, reducers: number) {
    this.#table = table;
    this.#numbers = new BigUint64Array(table.keys);
    this.#halves = new Uint32Array(this.#numbers.buffer);
    this.#records = new Uint32Array(table.keys);
    this.#seconds = new Uint32Array(table.keys);
    this.#ends = new Uint32Array(reducers);
    this.#gather();
  }

  sorted(): Uint32Array {
    let start = 0;
    for (const end of this.#ends) {
      this.#pending.push(start, end, 0);
      start = end;
    }
    while (this.#pending.length > 0) this.#sortNext();
    const halves = this.#halves;
    const { keys } = this.#table;
    for (let at = 0; at < keys; at++) halves[at] = this.#records[halves[2 * at + low] ?? 0] ?? 0;
    return halves.subarray(0, keys);
  }

  /** Writes the numbers, with those from one partition side by side. */
  #gather(): void {
    const table = this.#table;
    const ends = this.#ends;
    for (let record = table.recordAfter(0); record !== 0; record = table.recordAfter(record)) {
      const partition = table.partitionOf(record);
      ends[partition] = (ends[partition] ?? 0) + 1;
    }
    let start = 0;
    for (let partition = 0; partition < ends.length; partition++) {
      const count = ends[partition] ?? 0;
      ends[partition] = start;
      start += count;
    }
    for (let record = table.recordAfter(0); record !== 0; record = table.recordAfter(record)) {
      const partition = table.partitionOf(record);
      const place = ends[partition] ?? 0;
      ends[partition] = place + 1;
      this.#records[place] = record;
      this.#seconds[place] = digitOf(table, record, 1);
      this.#halves[2 * place + high] = digitOf(table, record, 0);
      this.#halves[2 * place + low] = place;
    }
  }

  #sortNext(): void {
    const depth = this.#pending.pop() ?? 0;
    const end = this.#pending.pop() ?? 0;
    const start = this.#pending.pop() ?? 0;
    if (end - start <= insertionLengthMax) {
      this.#sortByInsertion(start, end, depth);
      return;
    }
    const halves = this.#halves;
    this.#numbers.subarray(start, end).sort();
    for (let at = start; at < end;) {
      const first = at;
      const digit = halves[2 * first + high];
      do at++;
      while (at < end && halves[2 * at + high] === digit);
      if (at - first > insertionLengthMax) this.#deepen(first, at, depth + 1);
      else if (at - first > 1) this.#sortByInsertion(first, at, depth + 1);
    }
  }

  /**
   * Finds the first digit from `from` on in which keys of the range differ, and queues the range to be sorted by it.
   */
  #deepen(start: number, end: number, from: number): void {
    const halves = this.#halves;
    for (let depth = from; ; depth++) {
      let isDifferent = false;
      let isLonger = false;
      const first = this.#digitAt(start, depth);
      for (let at = start; at < end; at++) {
        const digit = this.#digitAt(at, depth);
        halves[2 * at + high] = digit;
        if (digit !== first) isDifferent = true;
        if (!isLonger && this.#keyBytesAt(at) > depth * 4) isLonger = true;
      }
      if (isDifferent) {
        this.#pending.push(start, end, depth);
        return;
      }
      if (isLonger) continue;
      // Only the zeros that end some keys are left to compare: the shorter key is first.
      for (let at = start; at < end; at++) halves[2 * at + high] = this.#keyBytesAt(at);
      this.#numbers.subarray(start, end).sort();
      return;
    }
  }

  #digitAt(at: number, depth: number): number {
    const place = this.#halves[2 * at + low] ?? 0;
    return depth === 1 ? (this.#seconds[place] ?? 0) : digitOf(this.#table, this.#records[place] ?? 0, depth);
  }

  #keyBytesAt(at: number): number {
    return this.#table.keyBytesOf(this.#records[this.#halves[2 * at + low] ?? 0] ?? 0);
  }

  /** Sorts keys that are equal in the words before `depth`; the high halves are meaningless afterwards. */
  #sortByInsertion(start: number, end: number, depth: number): void {
    const halves = this.#halves;
    for (let at = start + 1; at < end; at++) {
      const place = halves[2 * at + low] ?? 0;
      let hole = at;
      for (; hole > start; hole--) {
        const before = halves[2 * (hole - 1) + low] ?? 0;
        if (this.#compare(before, place, depth) <= 0) break;
        halves[2 * hole + low] = before;
      }
      halves[2 * hole + low] = place;
    }
  }

  #compare(a: number, b: number, depth: number): number {
    if (depth === 1) {
      const order = (this.#seconds[a] ?? 0) - (this.#seconds[b] ?? 0);
      if (order !== 0) return order;
    }
    const table = this.#table;
    const { words } = table;
    const [left, right] = [this.#records[a] ?? 0, this.#records[b] ?? 0];
    const [leftBytes, rightBytes] = [table.keyBytesOf(left), table.keyBytesOf(right)];
    return compareKeyWords(words, table.keyAt(left), leftBytes, words, table.keyAt(right), rightBytes);
  }
}

/** The four bytes from word `depth` on, zeros beyond the end of the key. */
function digitOf(table: KeyTable, record: number, depth: number): number {
  return depth < wordsOf(table.keyBytesOf(record)) ? (table.words[table.keyAt(record) + depth] ?? 0) >>> 0 : 0;
}
