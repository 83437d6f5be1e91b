import { compareKeyWords, wordsOf } from "./key-words.js";
import type { KeyTable } from "./key-table.js";

/** Ranges up to this length are sorted by insertion. */
const insertionLengthMax = 12;

/** Which half of a 64-bit number is the high one depends on the machine. */
const high = new Uint32Array(BigUint64Array.of(1n).buffer)[0] === 1 ? 1 : 0;
const low = 1 - high;

/**
 * The records of a table in the order of partitions, within one in the order of keys.
 *
 * Each key becomes a 64-bit number: four bytes of the key in the high half, its record in the low one. The numbers of a
 * partition are sorted by the typed array's own sort, which runs natively and in place. Where the four bytes are equal
 * the next four take their place, and so on (a radix sort from the front with 32-bit digits). Short ranges are compared.
 */
export function sortKeys(table: KeyTable, reducers: number): Uint32Array {
  const numbers = new BigUint64Array(table.keys);
  const halves = new Uint32Array(numbers.buffer);
  const ends = placeByPartition(table, reducers, halves);
  let from = 0;
  for (const to of ends) {
    sortRange(table, numbers, halves, from, to);
    from = to;
  }
  for (let at = 0; at < table.keys; at++) halves[at] = halves[2 * at + low] ?? 0;
  return halves.subarray(0, table.keys);
}

/** Writes the numbers, those of a partition side by side. Returns where each partition ends. */
function placeByPartition(table: KeyTable, reducers: number, halves: Uint32Array): Uint32Array {
  const places = new Uint32Array(reducers);
  for (let record = table.recordAfter(0); record !== 0; record = table.recordAfter(record)) {
    const partition = table.partitionOf(record);
    places[partition] = (places[partition] ?? 0) + 1;
  }
  let start = 0;
  for (let partition = 0; partition < reducers; partition++) {
    const count = places[partition] ?? 0;
    places[partition] = start;
    start += count;
  }
  for (let record = table.recordAfter(0); record !== 0; record = table.recordAfter(record)) {
    const partition = table.partitionOf(record);
    const place = places[partition] ?? 0;
    halves[2 * place + high] = digitOf(table, record, 0);
    halves[2 * place + low] = record;
    places[partition] = place + 1;
  }
  return places;
}

/** The four bytes from word `depth` on, zeros beyond the end of the key. */
function digitOf(table: KeyTable, record: number, depth: number): number {
  return depth < wordsOf(table.keyBytesOf(record)) ? (table.words[table.keyAt(record) + depth] ?? 0) >>> 0 : 0;
}

function sortRange(table: KeyTable, numbers: BigUint64Array, halves: Uint32Array, from: number, to: number): void {
  // Ranges still to be sorted, each as from, to, depth. Not a recursion: keys may share any number of words.
  const pending = [from, to, 0];
  while (pending.length > 0) {
    const depth = pending.pop() ?? 0;
    const end = pending.pop() ?? 0;
    const start = pending.pop() ?? 0;
    if (end - start <= insertionLengthMax) {
      insertionSort(table, halves, start, end);
      continue;
    }
    numbers.subarray(start, end).sort();
    for (let at = start; at < end;) {
      const first = at;
      const digit = halves[2 * first + high];
      do at++;
      while (at < end && halves[2 * at + high] === digit);
      if (at - first > insertionLengthMax) deepen(table, numbers, halves, first, at, depth + 1, pending);
      else if (at - first > 1) insertionSort(table, halves, first, at);
    }
  }
}

/** Finds the first digit from `depth` on in which keys of the range differ, and leaves the range to be sorted by it. */
function deepen(
  table: KeyTable,
  numbers: BigUint64Array,
  halves: Uint32Array,
  start: number,
  end: number,
  from: number,
  pending: number[],
): void {
  for (let depth = from; ; depth++) {
    let isDifferent = false;
    let isLonger = false;
    const first = digitOf(table, halves[2 * start + low] ?? 0, depth);
    for (let at = start; at < end; at++) {
      const record = halves[2 * at + low] ?? 0;
      const digit = digitOf(table, record, depth);
      halves[2 * at + high] = digit;
      if (digit !== first) isDifferent = true;
      if (table.keyBytesOf(record) > depth * 4) isLonger = true;
    }
    if (isDifferent) {
      pending.push(start, end, depth);
      return;
    }
    if (isLonger) continue;
    // Nothing is left but zeros that end some of the keys: the shorter one is first.
    for (let at = start; at < end; at++) halves[2 * at + high] = table.keyBytesOf(halves[2 * at + low] ?? 0);
    numbers.subarray(start, end).sort();
    return;
  }
}

/** Sorts by whole keys; the high halves are of no use afterwards. */
function insertionSort(table: KeyTable, halves: Uint32Array, start: number, end: number): void {
  for (let at = start + 1; at < end; at++) {
    const record = halves[2 * at + low] ?? 0;
    let hole = at;
    for (; hole > start; hole--) {
      const before = halves[2 * (hole - 1) + low] ?? 0;
      if (compareRecords(table, before, record) <= 0) break;
      halves[2 * hole + low] = before;
    }
    halves[2 * hole + low] = record;
  }
}

function compareRecords(table: KeyTable, a: number, b: number): number {
  const { words } = table;
  return compareKeyWords(words, table.keyAt(a), table.keyBytesOf(a), words, table.keyAt(b), table.keyBytesOf(b));
}
