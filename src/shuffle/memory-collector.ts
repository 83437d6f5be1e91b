import type { JsonValue } from "../app/contract.js";
import { StagedFile } from "../output/staged-file.js";
import { jsonText, requireStringKey } from "../app/given.js";
import type { CollectedPartition, Collector, CollectorOptions } from "./collector.js";
import { appendKey } from "./intermediate-format.js";
import { compareKeys } from "./key-order.js";
import { createPartitioner } from "./partitioner.js";
import { pushRepeated } from "./repeated-values.js";

/**
 * Makes the collector that keeps everything in memory: a `Map` from each key to its values, sorted and written at the
 * end. Its memory grows with the distinct keys and with the values that differ from the one before.
 */
export function createMemoryCollector(options: CollectorOptions): Collector {
  return new MemoryCollector(options);
}

/** The values of one key in the order of emission, as JSON texts; runs of equal ones are counted. */
interface KeyEntry {
  readonly key: string;
  readonly texts: string[];
  /** How often each text repeats, but for the last. */
  readonly counts: number[];
  /** How often the last text repeats. */
  lastCount: number;
  /** The last value when it was no object; else NaN, which equals nothing. Saves making the text of an equal value. */
  lastPrimitive: Primitive;
}

type Primitive = string | number | boolean | null;

class MemoryCollector implements Collector {
  readonly #options: CollectorOptions;
  readonly #partitionOf: (key: string) => number;
  readonly #entries = new Map<string, KeyEntry>();
  readonly #entriesOfPartition: KeyEntry[][];
  #pairs = 0;
  #isFinished = false;
  /** The value and text made last: many apps emit one and the same value for every key. */
  #recentValue: Primitive = NaN;
  #recentText = "";

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#partitionOf = createPartitioner(options.reducers, options.partition);
    this.#entriesOfPartition = Array.from({ length: options.reducers }, () => []);
  }

  get pairs(): number {
    return this.#pairs;
  }

  emit(key: string, value: JsonValue): void {
    if (this.#isFinished) throw new Error("emit: the map task has already finished, this pair comes too late");
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#addKey(key, value);
    else if (value === entry.lastPrimitive) entry.lastCount++;
    else this.#addValue(entry, value);
    this.#pairs++;
  }

  finish(): CollectedPartition[] {
    if (this.#isFinished) throw new Error("finish: the collector has already finished");
    this.#isFinished = true;
    this.#entries.clear();
    const files: StagedFile[] = [];
    try {
      return this.#entriesOfPartition.flatMap((entries, partition) => {
        if (entries.length === 0) return [];
        const file = StagedFile.create(this.#options.temporaryPath(partition));
        files.push(file);
        entries.sort((a, b) => compareKeys(a.key, b.key));
        for (const entry of entries) this.#write(file, entry);
        entries.length = 0;
        return [{ partition, ...file.finish() }];
      });
    } catch (error) {
      for (const file of files) file.discard();
      throw error;
    }
  }

  /** All that can throw comes before the first change: an app may catch the error and go on. */
  #addKey(key: string, value: JsonValue): void {
    requireStringKey("emit", key);
    const text = this.#textOf(key, value);
    const entries = this.#entriesOfPartition[this.#partitionOf(key)];
    const entry = { key, texts: [text], counts: [], lastCount: 1, lastPrimitive: primitiveOf(value) };
    this.#entries.set(key, entry);
    entries?.push(entry);
  }

  #addValue(entry: KeyEntry, value: JsonValue): void {
    const text = this.#textOf(entry.key, value);
    entry.lastPrimitive = primitiveOf(value);
    if (text === entry.texts.at(-1)) {
      entry.lastCount++;
      return;
    }
    entry.texts.push(text);
    entry.counts.push(entry.lastCount);
    entry.lastCount = 1;
  }

  #textOf(key: string, value: JsonValue): string {
    if (value === this.#recentValue) return this.#recentText;
    const text = jsonText("emit", key, value);
    if (typeof value !== "object") {
      this.#recentValue = value;
      this.#recentText = text;
    }
    return text;
  }

  #write(file: StagedFile, { key, texts, counts, lastCount }: KeyEntry): void {
    counts.push(lastCount);
    const { combine } = this.#options;
    if (combine === undefined || (texts.length === 1 && lastCount === 1)) {
      appendKey(file, key, texts, counts);
      return;
    }
    const values: JsonValue[] = [];
    texts.forEach((text, index) => pushRepeated(values, JSON.parse(text) as JsonValue, counts[index] ?? 1));
    appendKey(file, key, [jsonText("combine", key, combine(key, values))], [1]);
  }
}

function primitiveOf(value: JsonValue): Primitive {
  return typeof value === "object" && value !== null ? NaN : value;
}
