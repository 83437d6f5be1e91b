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
import type { JsonValue } from "../app/contract.js";
import { jsonText, requireStringKey } from "../app/given.js";
import type { CollectedPartition, Collector, CollectorOptions } from "./collector.js";
import { CombiningSink } from "./combining-sink.js";
import { sortKeys } from "./key-sort.js";
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
  #keys: KeyTable;
  #values: ValueSlab;
  #pairs = 0;
  /** Why no pair can be taken now. */
  #refusal: string | undefined;
  /** The value that was emitted last if it was no object, else NaN, which equals nothing; its text; where that lies. */
  #recentValue: Primitive = NaN;
  #recentText: string | undefined;
  #recentPlace = 0;
  /** Where the texts of some values lie, the first that came. */
  readonly #knownPlaces = new Map<Primitive, number>();

  constructor(options: CollectorOptions) {
    const { reducers, partition, combine } = options;
    this.#options = options;
    this.#memoryBytesMax = options.memoryBytes ?? memoryBytesDefault;
    this.#appPartitionOf = partition && createPartitioner(reducers, partition);
    this.#hashPartitionOf = createWordsPartitioner(reducers);
    this.#runs = new SpilledRuns((run) => options.spillPath(run), combine);
    this.#keys = new KeyTable(this.#memoryBytesMax);
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
    const record = this.#keys.find(key);
    if (record === 0) this.#addKey(key);
    else if (!this.#keys.countRepeated(record, this.#recentPlace)) this.#addValue(key, record);
    this.#pairs++;
  }

  finish(): CollectedPartition[] {
    if (this.#refusal !== undefined) throw new Error(`finish: ${this.#refusal}`);
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

  /** Adds the candidate of the key table with the recent value. */
  #addKey(key: string): void {
    this.#writeRecentValue();
    const valueBytes = this.#recentPlace === 0 ? this.#values.candidateBytes : 0;
    if (this.#exceeds(this.#keys.candidateBytes + valueBytes)) {
      this.#spill();
      this.#keys.find(key);
      this.#writeRecentValue();
    }
    const partition = this.#partitionOfCandidate(key);
    this.#keys.insert(partition, this.#placeOfRecentValue());
  }

  /** Adds the recent value to a record whose last value is in another place. */
  #addValue(key: string, record: number): void {
    const last = this.#keys.valueOf(record);
    this.#writeRecentValue();
    const isRepeated =
      this.#recentPlace === 0 ? this.#values.isCandidate(last) : this.#values.isSame(last, this.#recentPlace);
    if (isRepeated && this.#keys.countRepeated(record, last)) return;
    if (this.#exceeds(this.#values.candidateBytes)) {
      this.#spill();
      this.#keys.find(key);
      this.#addKey(key);
      return;
    }
    const place = this.#placeOfRecentValue();
    const tail = this.#values.link(this.#keys.tailOf(record), last, this.#keys.countOf(record));
    this.#keys.setValue(record, place, tail);
  }

  /** Whether so many bytes more are too many, and there is something to spill. */
  #exceeds(moreBytes: number): boolean {
    return this.#keys.keys > 0 && this.memoryBytes + moreBytes > this.#memoryBytesMax;
  }

  /** Makes the recent value the candidate of the value slab, unless it has its place already. */
  #writeRecentValue(): void {
    if (this.#recentPlace !== 0) this.#values.dropCandidate();
    else if (typeof this.#recentValue === "string") this.#values.writeString(this.#recentValue);
    else this.#values.writeText(this.#recentText ?? JSON.stringify(this.#recentValue));
  }

  #placeOfRecentValue(): number {
    if (this.#recentPlace !== 0) return this.#recentPlace;
    const place = this.#values.keep();
    const value = this.#recentValue;
    // An object may have changed when it is emitted again.
    if (Number.isNaN(value)) return place;
    this.#recentPlace = place;
    const isLong = typeof value === "string" && value.length > knownLengthMax;
    if (!isLong && this.#knownPlaces.size < knownValuesMax) this.#knownPlaces.set(value, place);
    return place;
  }

  #partitionOfCandidate(key: string): number {
    const keys = this.#keys;
    if (this.#appPartitionOf === undefined) {
      return this.#hashPartitionOf(keys.words, keys.keyAt(keys.candidate), keys.candidateKeyBytes);
    }
    this.#refusal = "called by the app's partition function";
    try {
      return this.#appPartitionOf(key);
    } finally {
      this.#refusal = undefined;
    }
  }

  #spill(): void {
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
    this.#values.clear();
    this.#knownPlaces.clear();
    this.#recentPlace = 0;
  }

  /** Gives all pairs in memory to the sink, combined. */
  #writeSorted(target: SortedSink): void {
    const { combine, reducers } = this.#options;
    const sink = combine ? new CombiningSink(target, combine) : target;
    const keys = this.#keys;
    const records = sortKeys(keys, reducers);
    for (let at = 0; at < records.length; at++) {
      if (at % fetchedRecords === 0) keys.fetch(records, at, at + fetchedRecords);
      const record = records[at] ?? 0;
      sink.beginKey(keys.partitionOf(record), keys.words, keys.keyAt(record), keys.keyBytesOf(record));
      this.#values.giveChain(keys.tailOf(record), sink);
      this.#values.giveText(keys.valueOf(record), keys.countOf(record), sink);
      sink.endKey();
    }
  }

  #release(): void {
    this.#keys = new KeyTable(0);
    this.#values = new ValueSlab(0);
    this.#knownPlaces.clear();
  }
}
