/**
 * Compares two ways to sort the keys of a map task: the one in src/shuffle/key-sort.ts, and a radix sort from the back.
 *
 *     npx tsx bench/sort-keys.ts
 *
 * Both alternate on the same table, seven times. They must produce the same order.
 */
import { makeLanguage, Text } from "../scripts/corpus/text.js";
import { entryHeaderWords, keyBytesOf, KeyLog } from "../src/shuffle/collect/key-log.js";
import { sortKeys } from "../src/shuffle/collect/key-sort.js";
import { KeyTable } from "../src/shuffle/collect/key-table.js";
import { compareKeyWords, paddedWordsOf, wordsOf } from "../src/shuffle/key-words.js";
import { createWordsPartitioner } from "../src/shuffle/collect/partitioner.js";
import { keyParts } from "./data/distinct-keys.js";
import { median } from "./measure/statistics.js";

const [rounds, reducers] = [7, 10] as const;
const textBytes = 64 * 2 ** 20;
const lines = 1_000_000;
const digitBits = 11;
const digits = 2 ** digitBits;

function compare(what: string, keys: Iterable<string>): void {
  const table = tableOf(keys);
  const [own, radix, refinement]: [number[], number[], number[]] = [[], [], []];
  const ties = new RadixSort(table).sorted().ties;
  for (let round = 0; round < rounds; round++) {
    let begin = performance.now();
    const ownOrder = sortKeys(table, reducers);
    own.push(performance.now() - begin);
    begin = performance.now();
    const { records, refinementMs } = new RadixSort(table).sorted();
    radix.push(performance.now() - begin);
    refinement.push(refinementMs);
    if (Buffer.compare(bytesOf(ownOrder), bytesOf(records)) !== 0) throw new Error("The orders differ.");
  }
  console.log(what);
  console.log(`  ${table.keys} keys, of which ${ties} need refinement; medians of ${rounds} rounds`);
  console.log(`  key-sort.ts:             ${median(own).toFixed(1)} ms`);
  console.log(
    `  radix sort from the back: ${median(radix).toFixed(1)} ms, including ${median(refinement).toFixed(1)} ms for refinement`,
  );
  console.log(`  ratio:                   ${(median(radix) / median(own)).toFixed(2)}`);
}

/**
 * The first eight bytes of all keys, eleven bits at a time from the last, then partitions; then keys that are still
 * equal.
 */
class RadixSort {
  readonly #table: KeyTable;
  /** Where each digit of each pass begins; the last pass sorts by partition. */
  readonly #places = Array.from({ length: 7 }, () => new Uint32Array(digits));
  #from: Columns;
  #to: Columns;

  constructor(table: KeyTable) {
    this.#table = table;
    this.#from = columns(table.keys);
    this.#to = columns(table.keys);
  }

  sorted(): { records: Uint32Array; ties: number; refinementMs: number } {
    this.#gather();
    for (let pass = 0; pass < this.#places.length; pass++) this.#distribute(pass);
    const begin = performance.now();
    const ties = this.#refine();
    return { records: this.#from.records, ties, refinementMs: performance.now() - begin };
  }

  #gather(): void {
    const table = this.#table;
    const { firsts, seconds, partitions, records } = this.#from;
    let at = 0;
    for (let record = table.recordAfter(0); record !== 0; record = table.recordAfter(record)) {
      const words = wordsOf(table.keyBytesOf(record));
      const first = words > 0 ? (table.words[table.keyAt(record)] ?? 0) >>> 0 : 0;
      const second = words > 1 ? (table.words[table.keyAt(record) + 1] ?? 0) >>> 0 : 0;
      firsts[at] = first;
      seconds[at] = second;
      partitions[at] = table.partitionOf(record);
      records[at++] = record;
    }
    for (let pass = 0; pass < this.#places.length; pass++) this.#count(pass);
    for (const places of this.#places) {
      let place = 0;
      for (let digit = 0; digit < digits; digit++) {
        const count = places[digit] ?? 0;
        places[digit] = place;
        place += count;
      }
    }
  }

  #count(pass: number): void {
    const places = this.#places[pass] ?? new Uint32Array(0);
    const { firsts, seconds, partitions } = this.#from;
    for (let at = 0; at < firsts.length; at++) {
      const digit = pass === 6 ? (partitions[at] ?? 0) : digitOf(firsts[at] ?? 0, seconds[at] ?? 0, pass);
      places[digit] = (places[digit] ?? 0) + 1;
    }
  }

  #distribute(pass: number): void {
    const places = this.#places[pass] ?? new Uint32Array(0);
    // Local variables, because this loop decides how fast the sort is.
    const { firsts, seconds, partitions, records } = this.#from;
    const to = this.#to;
    const [toFirsts, toSeconds, toPartitions, toRecords] = [to.firsts, to.seconds, to.partitions, to.records];
    for (let at = 0; at < records.length; at++) {
      const first = firsts[at] ?? 0;
      const second = seconds[at] ?? 0;
      const partition = partitions[at] ?? 0;
      const digit = pass === 6 ? partition : digitOf(first, second, pass);
      const place = places[digit] ?? 0;
      places[digit] = place + 1;
      toFirsts[place] = first;
      toSeconds[place] = second;
      toPartitions[place] = partition;
      toRecords[place] = records[at] ?? 0;
    }
    this.#to = this.#from;
    this.#from = to;
  }

  /** Sorts keys that are equal in their first eight bytes by whole keys; returns how many keys those are. */
  #refine(): number {
    const { firsts, seconds, partitions, records } = this.#from;
    const table = this.#table;
    let ties = 0;
    for (let start = 0; start < records.length;) {
      let end = start + 1;
      while (
        end < records.length &&
        firsts[end] === firsts[start] &&
        seconds[end] === seconds[start] &&
        partitions[end] === partitions[start]
      ) {
        end++;
      }
      if (end - start > 1) {
        ties += end - start;
        records.subarray(start, end).sort((a, b) => compareRecords(table, a, b));
      }
      start = end;
    }
    return ties;
  }
}

interface Columns {
  readonly firsts: Uint32Array;
  readonly seconds: Uint32Array;
  readonly partitions: Uint32Array;
  readonly records: Uint32Array;
}

function columns(length: number): Columns {
  const column = (): Uint32Array => new Uint32Array(length);
  return { firsts: column(), seconds: column(), partitions: column(), records: column() };
}

/** Eleven of the 64 bits of two words; pass 0 takes the last ones. */
function digitOf(first: number, second: number, pass: number): number {
  if (pass < 2) return (second >>> (pass * digitBits)) & (digits - 1);
  if (pass === 2) return ((second >>> 22) | (first << 10)) & (digits - 1);
  return (first >>> (pass * digitBits - 32)) & (digits - 1);
}

function compareRecords(table: KeyTable, a: number, b: number): number {
  const { words } = table;
  return compareKeyWords(words, table.keyAt(a), table.keyBytesOf(a), words, table.keyAt(b), table.keyBytesOf(b));
}

/** A table of distinct keys, filled through the log as in a map task. */
function tableOf(keys: Iterable<string>): KeyTable {
  const log = new KeyLog(2 ** 26, 1);
  const table = new KeyTable(log.parts, 2 ** 28, 0);
  const partitionOf = createWordsPartitioner(reducers);
  const drain = (part: number): void => {
    const entries = log.wordsOf(part);
    table.usePart(part);
    for (let at = 0; at < log.endOf(part); at += entryHeaderWords + paddedWordsOf(keyBytesOf(entries, at))) {
      const partition = partitionOf(entries, at + entryHeaderWords, keyBytesOf(entries, at));
      if (table.find(entries, at) === 0) table.insert(entries, at, partition, 0);
    }
    log.clear(part);
  };
  for (const key of keys) {
    const part = log.add(key, 0);
    if (log.isFull(part)) drain(part);
  }
  for (let part = 0; part < log.parts; part++) drain(part);
  return table;
}

function distinctWords(bytes: number): Set<string> {
  const text = new Text(makeLanguage(), 1, 0);
  const block = Buffer.alloc(2 ** 20);
  const words = new Set<string>();
  for (let left = bytes; left > 0; left -= block.length) {
    const filled = text.fill(new DataView(block.buffer, block.byteOffset, block.length));
    for (const word of block.toString("utf8", 0, filled).match(/\p{L}+/gu) ?? []) words.add(word);
  }
  return words;
}

function* distinctLines(count: number): Generator<string> {
  for (const blocks of keyParts(count)) {
    for (const block of blocks) yield* Buffer.from(block).toString().split("\n").slice(0, -1);
  }
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

compare("distinct words of 64 MiB of text: few keys share their first eight bytes", distinctWords(textBytes));
compare(`${lines} lines user-0123456789: many keys share their first eight bytes`, distinctLines(lines));
