import type { JsonValue, KeyValue } from "../../src/app/contract.js";
import type { CollectedPartition, Collector, CollectorOptions } from "../../src/shuffle/collect/collector.js";
import { mergeGroups } from "../../src/shuffle/merge/merge.js";
import type { StoredFile } from "../../src/shuffle/stored-file.js";

export type CreateCollector = (options: CollectorOptions) => Collector;

/** The merge's description of a file that the collector wrote. */
export function stored({ path, bytes, checksum }: Omit<CollectedPartition, "partition">): StoredFile {
  return { location: path, bytes, checksum };
}

/** Collects the pairs as one map task. */
export function collect(
  create: CreateCollector,
  options: CollectorOptions,
  pairs: Iterable<KeyValue>,
): CollectedPartition[] {
  const collector = create(options);
  for (const { key, value } of pairs) collector.emit(key, value);
  return collector.finish();
}

/** All groups with all values. */
export function readAll(inputs: readonly StoredFile[]): { key: string; values: JsonValue[] }[] {
  return Array.from(mergeGroups(inputs), (group) => ({ key: group.key, values: group.toArray() }));
}

/** The expected result of `readAll`, computed in the simplest way: group in a Map, sort by arrays of code points. */
export function expectedGroups(pairs: Iterable<KeyValue>): { key: string; values: JsonValue[] }[] {
  const valuesOf = new Map<string, JsonValue[]>();
  for (const { key, value } of pairs) {
    const values = valuesOf.get(key) ?? [];
    values.push(JSON.parse(JSON.stringify(value)) as JsonValue);
    valuesOf.set(key, values);
  }
  return Array.from(valuesOf, ([key, values]) => ({ key, values })).sort((a, b) => compareCodePoints(a.key, b.key));
}

/** The order of code points, spelled out. */
export function compareCodePoints(a: string, b: string): number {
  const [left, right] = [codePoints(a), codePoints(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}
