/**
 * The map side of the shuffle: groups the pairs of a map attempt by key, sorts the keys, writes one file per partition.
 * It makes no object per record and none per key. All data lie in arrays of 32-bit words:
 *
 *     log     │ hash keyBytes text t h e 0 │ …                one entry per pair, in parts by the hash; soon forgotten
 *                            │
 *     table   │ hash record │ 0 0 │ hash record │ …           open addressing, in the same parts
 *                        │
 *     keys    │ keyBytes partition text count tail │ t h e 0 │ keyBytes …           one record per distinct key
 *                                    │          │
 *     values  │ length " 1 " 0 │ length { " a " : 1 } 0 │ next text count │ …       texts, and links of chains
 *
 * A pair first enters the log (`key-log.ts`), and its value the slab of values (`emitted-values.ts`). When a part of
 * the log is full, and at the end, its own piece of the table takes in its pairs, so that the processor's cache holds
 * the data they look up. A key's record ends with the key's bytes (`key-words.ts`) and holds its last value: the place
 * of its JSON text, and its repeat count. So a word counted with 1 costs only its record, since all such words share
 * one text, and a repeated value only raises the count. Earlier values hang on `tail`, a ring of links. `KeyTable`
 * holds the table and the keys, `ValueSlab` the values.
 *
 * Memory is counted in words in use. When a pair might exceed the budget, the log is emptied. If little room is left
 * even then, the keys are sorted (`key-sort.ts`), combined if the app can, and spilled as one run (`run-writer.ts`);
 * the slabs are emptied and used again. At the end the runs are merged (`run-merge.ts`), in passes when there are many,
 * into the partition files (`partition-files.ts`). Without runs the files are written straight from the slabs. All
 * sorted data goes through a `SortedSink`, whose methods get places in buffers, not strings:
 *
 *     slabs ──── (combine) ──┬─────────────────────────────────────────── partition files
 *                            └─ runs ─ heap ─ (combine, or join counts) ─┘
 *
 * With a `combine`, arrays, objects and many different numbers of hot keys wait outside the slabs to be folded
 * (`accumulators.ts`, `row-table.ts`).
 *
 * Do not confuse the two kinds of file: a run is a private temporary file with all partitions; reduce tasks read
 * intermediate files.
 */
import { randomInt } from "node:crypto";
import type { Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import { requireStringKey } from "../../app/given.js";
import { Accumulators } from "./accumulators.js";
import { decodedRange, requireRange } from "./byte-ranges.js";
import type { CollectedPartition, Collector, CollectorOptions } from "./collector.js";
import { CombiningSink } from "./combining-sink.js";
import { Refusal, type Detour } from "./detour.js";
import { sortBytesPerKey, sortKeys } from "./key-sort.js";
import { EmittedValues } from "./emitted-values.js";
import { entryHeaderWords, keyBytesOf, KeyLog, valueOf } from "./key-log.js";
import { keyString, paddedWordsOf } from "../key-words.js";
import { KeyTable } from "./key-table.js";
import { PartitionFiles } from "./partition-files.js";
import { createPartitioner, createWordsPartitioner } from "./partitioner.js";
import type { SortedSink } from "./sorted-sink.js";
import { SpilledRuns } from "./spilled-runs.js";
import { ValueSlab } from "./value-slab.js";

/** Different in each process, so that an attacker cannot choose keys that all collide. */
const hashSeed = randomInt(2 ** 31);
const memoryBytesDefault = 256 * 1024 * 1024;
/** The log's largest share of the memory. When less room than that is left, the slabs are spilled. */
const logShare = 0.25;
/**
 * The most that a pair with a new key may need besides the bytes of key and value: in the log, in the slabs, in the
 * hash table, and for sorting.
 */
const pairBytesMax = 160;

/** Sorted records lie in random places of the slab, so this many are fetched from memory at a time. */
const fetchedRecords = 16;

/** Makes the collector that keeps pairs in slabs and spills them when they exceed `memoryBytes`. */
export function createSlabCollector(options: CollectorOptions): Collector {
  return new SlabCollector(options);
}

class SlabCollector implements Collector {
  readonly #options: CollectorOptions;
  readonly #memoryBytesMax: number;
  readonly #appPartitionOf: ((key: string) => number) | undefined;
  readonly #wordsPartitionOf: (words: Int32Array, wordAt: number, keyBytes: number) => number;
  readonly #runs: SpilledRuns;
  #log: KeyLog;
  #keys: KeyTable;
  readonly #values: ValueSlab;
  readonly #emitted: EmittedValues;
  #pairs = 0;
  #keysWritten = 0;
  /** How many bytes may be added before actual memory use must be checked. */
  #bytesLeft: number;
  /** Absent if the app has no `combine`, or keys are grouped. */
  readonly #accumulators: Accumulators | undefined;
  /** Gets the pairs for now: the accumulators while any key is live, or a refusal. */
  #detour: Detour | undefined;

  constructor(options: CollectorOptions) {
    const { reducers, partition, combine } = options;
    this.#options = options;
    this.#memoryBytesMax = options.memoryBytes ?? memoryBytesDefault;
    this.#appPartitionOf = partition && createPartitioner(reducers, partition);
    this.#wordsPartitionOf = createWordsPartitioner(reducers, options);
    this.#runs = new SpilledRuns((run) => options.spillPath(run), combine);
    this.#log = new KeyLog(this.#memoryBytesMax * logShare, hashSeed);
    this.#keys = new KeyTable(this.#log.parts, this.#memoryBytesMax, sortBytesPerKey);
    this.#values = new ValueSlab(this.#memoryBytesMax);
    this.#emitted = new EmittedValues(this.#values, (bytes) => this.#reserve(bytes));
    this.#accumulators = combine && options.isGrouped !== true ? this.#newAccumulators(combine) : undefined;
    this.#bytesLeft = this.#memoryBytesMax - this.memoryBytes;
  }

  get pairs(): number {
    return this.#pairs + (this.#accumulators?.pairs ?? 0);
  }

  get spilled(): Collector["spilled"] {
    return this.#runs.made;
  }

  get keysWritten(): number {
    return this.#keysWritten;
  }

  get memoryBytes(): number {
    return this.#log.bytes + this.#keys.bytes + this.#values.bytes + (this.#accumulators?.bytes ?? 0);
  }

  emit(key: string, value: JsonValue): void {
    if (this.#detour !== undefined) {
      this.#detour.emit(key, value);
      return;
    }
    if (this.#keep(key, value)) this.#accumulators?.enter(key, value);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    if (this.#detour !== undefined) {
      this.#detour.emitBytes(buffer, start, end, value);
      return;
    }
    requireRange("emitBytes", buffer, start, end);
    this.#reserve(pairBytesMax + 6 * (end - start));
    this.#taken(this.#log.addBytes(buffer, start, end, this.#emitted.placeForBytes(buffer, start, end, value)));
    if (this.#wasFoldable()) this.#accumulators?.enter(decodedRange(buffer, start, end), value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    if (this.#detour !== undefined) {
      this.#detour.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd);
      return;
    }
    requireRange("emitSlices", buffer, keyStart, keyEnd);
    requireRange("emitSlices", buffer, valueStart, valueEnd);
    this.#reserve(pairBytesMax + 6 * (keyEnd - keyStart) + 6 * (valueEnd - valueStart));
    this.#taken(this.#log.addBytes(buffer, keyStart, keyEnd, this.#values.addSlice(buffer, valueStart, valueEnd)));
  }

  finish(): CollectedPartition[] {
    if (this.#detour instanceof Refusal) throw this.#detour.errorOf("finish");
    this.#accumulators?.empty();
    const files = new PartitionFiles((partition) => this.#options.temporaryPath(partition));
    try {
      this.#drainAll();
      this.#detour = new Refusal("the map task has already finished");
      if (this.#runs.count === 0) {
        this.#writeSorted(files);
      } else {
        this.#runs.add((sink) => this.#writeSorted(sink));
        this.#release();
        this.#runs.merge(files);
      }
      this.#keysWritten = files.keys;
      return files.finish();
    } catch (error) {
      files.discard();
      throw error;
    } finally {
      this.discard();
    }
  }

  discard(): void {
    if (!(this.#detour instanceof Refusal)) this.#detour = new Refusal("the map task was given up");
    this.#accumulators?.discard();
    this.#runs.discard();
    this.#release();
  }

  #newAccumulators(combine: Combine): Accumulators {
    const accumulators: Accumulators = new Accumulators(combine, this.#memoryBytesMax, hashSeed, {
      hasPartition: this.#appPartitionOf !== undefined,
      keep: (key, value) => this.#keep(key, value),
      divert: (isDiverted) => (this.#detour = isDiverted ? accumulators : undefined),
      reserve: (bytes) => this.#reserve(bytes),
      fold: (action) => {
        // The current record is not to blame for the values of its key.
        this.#options.onFold?.(true);
        const result = this.#refusing("called by the app's combine function", action);
        this.#options.onFold?.(false);
        return result;
      },
      giveUp: (error) => this.#giveUp("pairs could not be combined", error),
    });
    return accumulators;
  }

  /** Takes a pair itself. Returns whether folding its value with others may be better. */
  #keep(key: string, value: JsonValue): boolean {
    if (typeof key !== "string") requireStringKey("emit", key);
    // A UTF-16 unit takes at most three bytes, in the log and in the table.
    this.#reserve(pairBytesMax + 6 * key.length);
    this.#taken(this.#log.add(key, this.#emitted.placeOf(key, value)));
    return this.#wasFoldable();
  }

  #wasFoldable(): boolean {
    if (!this.#emitted.isFoldable) return false;
    this.#emitted.isFoldable = false;
    return true;
  }

  /** A pair was added to that part of the log. */
  #taken(part: number): void {
    // An error of the app's partition function must come from the call that emits the key.
    if (this.#appPartitionOf !== undefined || this.#log.isFull(part)) this.#drain(part);
    this.#pairs++;
  }

  /** Moves all pairs from the log into the slabs. */
  #drainAll(): void {
    for (let part = 0; part < this.#log.parts; part++) this.#drain(part);
  }

  /** Moves the pairs of one part of the log into the slabs, which have room for them. */
  #drain(part: number): void {
    const entries = this.#log.wordsOf(part);
    const end = this.#log.endOf(part);
    const keys = this.#keys;
    keys.usePart(part);
    try {
      for (let at = 0; at < end; at += entryHeaderWords + paddedWordsOf(keyBytesOf(entries, at))) {
        const record = keys.find(entries, at);
        const value = valueOf(entries, at);
        if (record === 0) keys.insert(entries, at, this.#partitionOf(entries, at), value);
        else if (!keys.countRepeated(record, value)) this.#addValue(record, value);
      }
    } catch (error) {
      // A bad partition loses only its own pair, and the call that emitted it throws.
      if (this.#appPartitionOf === undefined) this.#giveUp("pairs could not be kept in memory", error);
      throw error;
    } finally {
      this.#log.clear(part);
    }
  }

  /** Adds a value that differs from the record's last value. */
  #addValue(record: number, value: number): void {
    const last = this.#keys.valueOf(record);
    if (this.#values.isSame(last, value) && this.#keys.countRepeated(record, last)) return;
    const tail = this.#values.link(this.#keys.tailOf(record), last, this.#keys.countOf(record));
    this.#keys.setValue(record, value, 1, tail);
  }

  #partitionOf(entries: Int32Array, at: number): number {
    const [key, keyBytes] = [at + entryHeaderWords, keyBytesOf(entries, at)];
    const partitionOf = this.#appPartitionOf;
    if (partitionOf === undefined) return this.#wordsPartitionOf(entries, key, keyBytes);
    return this.#refusing("called by the app's partition function", () =>
      partitionOf(keyString(entries, key, keyBytes)),
    );
  }

  /**
   * To be called before that many bytes, or fewer, are added. This counts the most that a pair may need. When the count
   * reaches the limit, pairs leave the log, and actual use is likely to be lower. A table that is about to double may
   * need more than its next pairs are counted for; spilling before the last quarter of the memory is in use leaves room
   * for it.
   */
  #reserve(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.#bytesLeft < 0) this.#makeRoom(bytes);
  }

  #makeRoom(bytes: number): void {
    this.#drainAll();
    // With little room the log would be too short to be useful.
    const isShort = this.memoryBytes + bytes > this.#memoryBytesMax * (1 - logShare);
    if (isShort) this.#spill();
    this.#bytesLeft = this.#memoryBytesMax - this.memoryBytes - bytes;
  }

  #spill(): void {
    this.#options.onSpill?.(true);
    try {
      const write = () => this.#runs.add((sink) => this.#writeSorted(sink));
      // Values without a key belong to rejected pairs.
      if (this.#keys.keys > 0) this.#refusing("called by the app's combine function", write);
    } catch (error) {
      this.#giveUp("pairs could not be spilled", error);
      throw error;
    }
    this.#keys.clear();
    this.#values.clear();
    this.#emitted.forget();
    this.#options.onSpill?.(false);
  }

  /** Runs an action that may call app code, which must not emit meanwhile. */
  #refusing<Result>(refusal: string, action: () => Result): Result {
    const before = this.#detour;
    this.#detour = new Refusal(refusal);
    try {
      return action();
    } finally {
      this.#detour = before;
    }
  }

  /** Accepted pairs were lost, so the remaining pairs must not become a result. */
  #giveUp(refusal: string, error: unknown): void {
    this.#detour = new Refusal(refusal, error);
    this.discard();
  }

  /** Passes all pairs in memory to the sink, combined. */
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
    this.#log = new KeyLog(0, 0);
    this.#keys = new KeyTable(1, 0, sortBytesPerKey);
    this.#values.release();
    this.#emitted.forget();
  }
}
