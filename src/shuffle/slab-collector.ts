/**
 * The map side of the shuffle: groups the pairs of a map attempt by key, sorts the keys, writes one file a partition.
 * It makes no object for a record and none for a key. All data lie in two slabs of 32-bit words and a hash table:
 *
 *     table   │ hash record │ 0 0 │ hash record │ …          open addressing, by a hash of the key's words
 *                        │
 *     keys    │ keyBytes partition text count tail │ t h e 0 │ keyBytes …          one record a distinct key
 *                                    │          │
 *     values  │ length " 1 " 0 │ length { " a " : 1 } 0 │ next text count │ …      texts, and links of chains
 *
 * A key's record ends in its bytes (`key-words.ts`) and has its last value: where its JSON text lies and how often it was
 * repeated. So a word counted with "1" costs no more than its record, all of them share one text, and one that repeats
 * only raises the count. The values before the last one hang on `tail`, a ring of links. `KeyTable` has the table and the
 * keys, `ValueSlab` the values.
 *
 * Memory is counted in words in use. When a pair would exceed the budget, the keys are sorted (`key-sort.ts`), combined
 * when the app can, and spilled as one run (`run-writer.ts`); the slabs are emptied and used again. At the end the runs
 * are merged (`run-merge.ts`), in passes when there are many, into the partition files (`partition-files.ts`). With no
 * run the files are written straight from the slabs. Everything sorted goes through a `SortedSink`, whose methods get
 * places in buffers, not strings:
 *
 *     slabs ──── (combine) ──┬─────────────────────────────────────────── partition files
 *                            └─ runs ─ heap ─ (combine, or join counts) ─┘
 *
 * Not to be confused: a run is a temporary file with all partitions, of no use to anyone else; the intermediate files
 * are what reduce tasks read.
 */
import { randomInt } from "node:crypto";
import type { JsonValue } from "../app/contract.js";
import { jsonText, requireStringKey } from "../app/given.js";
import type { CollectedPartition, Collector, CollectorOptions } from "./collector.js";
import { CombiningSink } from "./combining-sink.js";
import { sortBytesPerKey, sortKeys } from "./key-sort.js";
import { KeyBatch } from "./key-batch.js";
import { keyString } from "./key-words.js";
import { KeyTable } from "./key-table.js";
import { PartitionFiles } from "./partition-files.js";
import { primitiveText, type Primitive } from "./primitive-text.js";
import { createPartitioner, createWordsPartitioner } from "./partitioner.js";
import type { SortedSink } from "./sorted-sink.js";
import { SpilledRuns } from "./spilled-runs.js";
import { ValueSlab } from "./value-slab.js";

const memoryBytesDefault = 256 * 1024 * 1024;
/**
 * Values that are found again without making their text: at most so many, and no longer strings than this, which
 * hold on to no longer string that they are a piece of (V8 copies a slice of less than 13 characters).
 */
const knownValuesMax = 256;
const knownLengthMax = 12;

/** Sorted records lie anywhere in the slab: so many are fetched from memory at a time. */
const fetchedRecords = 16;

/** Makes the collector that keeps pairs in slabs and spills them when they exceed `memoryBytes`. */
export function createSlabCollector(options: CollectorOptions): Collector {
  return new SlabCollector(options);
}

class SlabCollector implements Collector {
  readonly #options: CollectorOptions;
  readonly #memoryBytesMax: number;
  readonly #appPartitionOf: ((key: string) => number) | undefined;
  readonly #hashPartitionOf: (words: Int32Array, wordAt: number, keyBytes: number) => number;
  readonly #runs: SpilledRuns;
  readonly #batch: KeyBatch;
  #keys: KeyTable;
  #values: ValueSlab;
  #pairs = 0;
  /** Why no pair can be taken now. */
  #refusal: string | undefined;
  /** The value that was emitted last if it was no object, else NaN, which equals nothing; its text; where that lies. */
  #recentValue: Primitive = NaN;
  #recentText: string | undefined;
  #recentPlace = 0;
  /** Whether it is the candidate of the value slab from the start, and nowhere else. */
  #isWritten = false;
  /** Where the texts of some values lie, the first that came. */
  readonly #knownPlaces = new Map<Primitive, number>();

  constructor(options: CollectorOptions) {
    const { reducers, partition, combine } = options;
    this.#options = options;
    this.#memoryBytesMax = options.memoryBytes ?? memoryBytesDefault;
    this.#appPartitionOf = partition && createPartitioner(reducers, partition);
    this.#hashPartitionOf = createWordsPartitioner(reducers);
    this.#runs = new SpilledRuns((run) => options.spillPath(run), combine);
    // What an app's partition throws is to come from the call that emits the key.
    this.#batch = new KeyBatch(partition ? 1 : Infinity, randomInt(2 ** 31));
    this.#keys = new KeyTable(this.#memoryBytesMax, sortBytesPerKey);
    this.#values = new ValueSlab(this.#memoryBytesMax);
  }

  get pairs(): number {
    return this.#pairs;
  }

  get memoryBytes(): number {
    return this.#keys.bytes + this.#values.bytes;
  }

  emit(key: string, value: JsonValue): void {
    if (this.#refusal !== undefined) throw new Error(`emit: ${this.#refusal}`);
    if (typeof key !== "string") requireStringKey("emit", key);
    if (value !== this.#recentValue) this.#takeValue(key, value);
    this.#batch.add(key);
    this.#take();
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    if (this.#refusal !== undefined) throw new Error(`emitBytes: ${this.#refusal}`);
    if (!isRange(buffer, start, end)) throw rangeError("emitBytes", buffer, start, end);
    if (value !== this.#recentValue) this.#takeValue(isPlain(value) ? "" : decoded(buffer, start, end), value);
    this.#batch.addBytes(buffer, start, end);
    this.#take();
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    if (this.#refusal !== undefined) throw new Error(`emitSlices: ${this.#refusal}`);
    if (!isRange(buffer, keyStart, keyEnd)) throw rangeError("emitSlices", buffer, keyStart, keyEnd);
    if (!isRange(buffer, valueStart, valueEnd)) throw rangeError("emitSlices", buffer, valueStart, valueEnd);
    if (this.#batch.count > 0) this.#empty();
    this.#values.writeSlice(buffer, valueStart, valueEnd);
    this.#recentValue = NaN;
    this.#recentText = undefined;
    this.#recentPlace = 0;
    this.#isWritten = true;
    this.#batch.addBytes(buffer, keyStart, keyEnd);
    this.#take();
  }

  finish(): CollectedPartition[] {
    if (this.#refusal !== undefined) throw new Error(`finish: ${this.#refusal}`);
    this.#empty();
    this.#refusal = "the map task has already finished";
    const files = new PartitionFiles((partition) => this.#options.temporaryPath(partition));
    try {
      if (this.#runs.count === 0) {
        this.#writeSorted(files);
      } else {
        this.#runs.add((sink) => this.#writeSorted(sink));
        this.#release();
        this.#runs.merge(files);
      }
      return files.finish();
    } catch (error) {
      files.discard();
      throw error;
    } finally {
      this.discard();
    }
  }

  discard(): void {
    this.#refusal ??= "the map task was given up";
    this.#runs.discard();
    this.#release();
  }

  /** Makes `value` the recent one. All that can throw for a value does so here, before anything has changed. */
  #takeValue(key: string, value: JsonValue): void {
    this.#isWritten = false;
    if (typeof value === "object" && value !== null) {
      this.#recentText = jsonText("emit", key, value);
      this.#recentValue = NaN;
      this.#recentPlace = 0;
      return;
    }
    const isLong = typeof value === "string" && value.length > knownLengthMax;
    const place = isLong ? undefined : this.#knownPlaces.get(value);
    this.#recentText = place === undefined ? primitiveText(key, value) : undefined;
    this.#recentValue = value;
    this.#recentPlace = place ?? 0;
  }

  /** Takes the pair of the last key in the batch and the recent value; at once, when that has no place in the slab yet. */
  #take(): void {
    const batch = this.#batch;
    batch.values[batch.count - 1] = this.#recentPlace;
    if (this.#recentPlace === 0 || batch.isFull) this.#empty();
    this.#pairs++;
  }

  /** Puts the pairs of the batch into the slabs. Only the last of them may have a value without a place. */
  #empty(): void {
    const batch = this.#batch;
    if (batch.count > 1) this.#keys.fetch(batch);
    try {
      for (let at = 0; at < batch.count; at++) {
        const record = this.#keys.find(batch, at);
        const value = batch.values[at] ?? 0;
        if (record === 0) this.#addKey(at);
        else if (!this.#keys.countRepeated(record, value)) this.#addValue(at, record);
      }
    } finally {
      batch.clear();
    }
  }

  /** Adds key `at` of the batch, which is a new one, with its value. */
  #addKey(at: number): void {
    if (this.#batch.values[at] === 0) this.#writeRecentValue();
    else this.#values.dropCandidate();
    const keyBytes = this.#keys.bytesOfOneMore(this.#batch.keyBytes[at] ?? 0);
    if (this.#exceeds(keyBytes + this.#values.candidateBytes)) this.#spill(at);
    this.#insert(at);
  }

  /** Makes a record of key `at` and its value, which is the candidate of the value slab if it has no place yet. */
  #insert(at: number): void {
    const batch = this.#batch;
    const place = batch.values[at] ?? 0;
    const partition = this.#partitionOf(at);
    this.#keys.insert(batch, at, partition, place === 0 ? this.#keepRecentValue() : place);
  }

  /** Adds the value of key `at` to its record, whose last value is in another place. */
  #addValue(at: number, record: number): void {
    const last = this.#keys.valueOf(record);
    const place = this.#batch.values[at] ?? 0;
    if (place === 0) this.#writeRecentValue();
    else this.#values.dropCandidate();
    const isRepeated = place === 0 ? this.#values.isCandidate(last) : this.#values.isSame(last, place);
    if (isRepeated && this.#keys.countRepeated(record, last)) return;
    if (this.#exceeds(this.#values.candidateBytes)) {
      this.#spill(at);
      this.#insert(at);
      return;
    }
    const value = place === 0 ? this.#keepRecentValue() : place;
    const tail = this.#values.link(this.#keys.tailOf(record), last, this.#keys.countOf(record));
    this.#keys.setValue(record, value, tail);
  }

  /** Whether so many bytes more are too many, and there is something to spill. */
  #exceeds(moreBytes: number): boolean {
    return this.#keys.keys > 0 && this.memoryBytes + moreBytes > this.#memoryBytesMax;
  }

  /** Makes the recent value the candidate of the value slab. */
  #writeRecentValue(): void {
    if (this.#isWritten) return;
    if (typeof this.#recentValue === "string") this.#values.writeString(this.#recentValue);
    else this.#values.writeText(this.#recentText ?? JSON.stringify(this.#recentValue));
  }

  /** Gives the candidate of the value slab, which is the recent value, its place. */
  #keepRecentValue(): number {
    const place = this.#values.keep();
    const value = this.#recentValue;
    // An object may have changed when it is emitted again.
    if (Number.isNaN(value)) return place;
    this.#recentPlace = place;
    const isLong = typeof value === "string" && value.length > knownLengthMax;
    if (!isLong && this.#knownPlaces.size < knownValuesMax) this.#knownPlaces.set(value, place);
    return place;
  }

  #partitionOf(at: number): number {
    const { words, starts, keyBytes } = this.#batch;
    const [start, bytes] = [starts[at] ?? 0, keyBytes[at] ?? 0];
    if (this.#appPartitionOf === undefined) return this.#hashPartitionOf(words, start, bytes);
    const key = keyString(words, start, bytes);
    this.#refusal = "called by the app's partition function";
    try {
      return this.#appPartitionOf(key);
    } finally {
      this.#refusal = undefined;
    }
  }

  /** Spills everything; the batch from key `at` on is still to come. The table knows then where that key belongs. */
  #spill(at: number): void {
    this.#refusal = "called by the app's combine function";
    try {
      this.#runs.add((sink) => this.#writeSorted(sink));
    } catch (error) {
      this.#refusal = "pairs could not be spilled";
      this.discard();
      throw error;
    }
    this.#refusal = undefined;
    this.#keys.clear();
    this.#keys.find(this.#batch, at);
    this.#values.clear(this.#batch.values.subarray(at, this.#batch.count));
    this.#knownPlaces.clear();
    this.#recentPlace = 0;
  }

  /** Gives all pairs in memory to the sink, combined. */
  #writeSorted(target: SortedSink): void {
    const { combine, reducers } = this.#options;
    const sink = combine ? new CombiningSink(target, combine) : target;
    const keys = this.#keys;
    const records = sortKeys(keys, reducers);
    const fetched = new Int32Array(fetchedRecords);
    for (let at = 0; at < records.length; at++) {
      if (at % fetchedRecords === 0) {
        keys.fetchValues(records, at, fetched);
        this.#values.fetch(fetched);
      }
      const record = records[at] ?? 0;
      sink.beginKey(keys.partitionOf(record), keys.words, keys.keyAt(record), keys.keyBytesOf(record));
      this.#values.giveChain(keys.tailOf(record), sink);
      this.#values.giveText(keys.valueOf(record), keys.countOf(record), sink);
      sink.endKey();
    }
  }

  #release(): void {
    this.#keys = new KeyTable(0, sortBytesPerKey);
    this.#values = new ValueSlab(0);
    this.#knownPlaces.clear();
  }
}

function isRange(buffer: Uint8Array, start: number, end: number): boolean {
  const isInBuffer = start >>> 0 === start && end >>> 0 === end && start <= end && end <= buffer.length;
  return isInBuffer && buffer instanceof Uint8Array;
}

function rangeError(giver: string, buffer: unknown, start: number, end: number): Error {
  if (!(buffer instanceof Uint8Array)) return new TypeError(`${giver}: the bytes must be in a Uint8Array`);
  return new RangeError(`${giver}: ${start} to ${end} is no range of a buffer of ${buffer.length} bytes`);
}

/** Whether a value has a JSON text for certain. */
function isPlain(value: JsonValue): boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function decoded(buffer: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString();
}
