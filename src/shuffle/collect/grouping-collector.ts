import type { JsonValue } from "../../app/contract.js";
import { requireStringKey } from "../../app/given.js";
import { emittedKeyOf, groupedKey, groupOf, type Grouping } from "../grouped-key.js";
import { decodedRange, requireRange } from "./byte-ranges.js";
import type { CollectedPartition, Collector, CollectorOptions } from "./collector.js";
import { createPartitioner } from "./partitioner.js";
import { createSlabCollector } from "./slab-collector.js";

/**
 * Makes the collector for an app with `groupKey` or `sortValues`: it collects pairs under grouped keys
 * (`grouped-key.ts`). The app's `partition` sees groups; its `combine` sees pairs with the same key and order.
 */
export function createGroupingCollector(grouping: Grouping, options: CollectorOptions): Collector {
  const { reducers, partition, combine } = options;
  const partitionOf = partition && createPartitioner(reducers, partition);
  const collector = createSlabCollector({
    ...options,
    partition: partitionOf && ((key) => partitionOf(groupOf(key))),
    combine: combine && ((key, values) => combine(emittedKeyOf(grouping, key), values)),
    isGrouped: true,
  });
  return new GroupingCollector(grouping, collector);
}

class GroupingCollector implements Collector {
  readonly #grouping: Grouping;
  readonly #collector: Collector;

  constructor(grouping: Grouping, collector: Collector) {
    this.#grouping = grouping;
    this.#collector = collector;
  }

  get pairs(): number {
    return this.#collector.pairs;
  }

  get spilled(): Collector["spilled"] {
    return this.#collector.spilled;
  }

  get keysWritten(): number {
    return this.#collector.keysWritten;
  }

  get memoryBytes(): number {
    return this.#collector.memoryBytes;
  }

  emit(key: string, value: JsonValue): void {
    requireStringKey("emit", key);
    this.#collector.emit(groupedKey(this.#grouping, key, value), value);
  }

  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void {
    requireRange("emitBytes", buffer, start, end);
    this.emit(decodedRange(buffer, start, end), value);
  }

  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    requireRange("emitSlices", buffer, keyStart, keyEnd);
    requireRange("emitSlices", buffer, valueStart, valueEnd);
    this.emit(decodedRange(buffer, keyStart, keyEnd), decodedRange(buffer, valueStart, valueEnd));
  }

  finish(): CollectedPartition[] {
    return this.#collector.finish();
  }

  discard(): void {
    this.#collector.discard();
  }
}
