/**
 * The job of a simulation: it counts words. Every file records which attempt wrote it and from which sources, so that a
 * result that mixes two attempts, or is incomplete, is detected.
 */
import { crc32 } from "node:zlib";
import type { Partitioner } from "../../src/model/job.js";
import type { Split } from "../../src/model/split.js";
import type { Random } from "./random.js";

/** The inputs: the words of each record of each split. */
export interface Inputs {
  readonly splits: readonly (readonly (readonly string[])[])[];
  /** With 0, each map writes an output file. */
  readonly reducers: number;
}

/** An intermediate file. */
interface Intermediate {
  readonly map: number;
  readonly attempt: string;
  readonly leftOut: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
}

/** The file of a combine attempt, which has merged these files. */
interface Combined {
  readonly sources: Output["sources"];
  readonly counts: Readonly<Record<string, number>>;
}

/** An output file. Only its counts are the answer; the rest records their sources. */
export interface Output {
  readonly partition: number;
  readonly attempt: string;
  readonly sources: readonly Omit<Intermediate, "counts">[];
  readonly counts: Readonly<Record<string, number>>;
}

const recordBytes = 10;
const words = ["a", "be", "cat", "door", "every", "follow", "__proto__"];

export function drawInputs(random: Random): Inputs {
  const list = <Item>(min: number, max: number, draw: () => Item): Item[] => {
    return Array.from({ length: random.between(min, max) }, draw);
  };
  return {
    splits: list(random.chance(0.05) ? 0 : 1, 4, () => list(0, 4, () => list(0, 3, () => random.pick(words)))),
    reducers: random.chance(0.15) ? 0 : random.between(1, 4),
  };
}

/** Some jobs have so many map tasks that partitions get combine tasks. */
export function withMoreSplits({ splits, reducers }: Inputs, random: Random): Inputs {
  if (reducers === 0 || splits.length === 0 || !random.chance(0.3)) return { splits, reducers };
  const more = Array.from({ length: random.between(6, 12) }, () => [[random.pick(words)], [random.pick(words)]]);
  // The fewer partitions, the larger they are.
  return { splits: [...splits, ...more], reducers: random.between(1, 2) };
}

export function splitsOf({ splits }: Inputs): Split[] {
  return splits.map((records, index) => {
    const file = `in-${index}.txt`;
    return { file, path: `/${file}`, startBytes: 0, endBytes: records.length * recordBytes };
  });
}

/** The offsets of the records of a split. */
export function offsetsOf({ splits }: Inputs, map: number): number[] {
  return (splits[map] ?? []).map((_, index) => index * recordBytes);
}

export function placeOf(offset: number): { offset: number; endOffset: number } {
  return { offset, endOffset: offset + recordBytes };
}

/** The partition of a word. */
export type PartitionOf = (word: string) => number;

/** As the job's partitioner determines; `boundaries` apply when partitions are ranges. */
export function partitionerOf(
  { reducers }: Inputs,
  partitioner: Partitioner,
  boundaries: readonly string[],
): PartitionOf {
  if (partitioner === "hash") return (word) => crc32(word) % reducers;
  return (word) => boundaries.filter((boundary) => boundary <= word).length;
}

/** The words of some splits. */
export function wordsOf({ splits }: Inputs, maps: readonly number[]): string[] {
  return maps.flatMap((map) => splits[map] ?? []).flat();
}

/** The output of a map attempt: the contents of its files, by partition. */
export function mapSplit(
  inputs: Inputs,
  map: number,
  attempt: number,
  leftOut: readonly number[],
  partitionOf: PartitionOf,
): Map<number, string> {
  const byPartition = new Map<number, Record<string, number>>();
  for (let partition = 0; partition < inputs.reducers; partition++) {
    const counts = countWords(inputs, map, partition, leftOut, partitionOf);
    if (Object.keys(counts).length > 0) byPartition.set(partition, counts);
  }
  const contents = [...byPartition].map(([partition, counts]): [number, string] => {
    return [partition, JSON.stringify({ map, attempt: padded(attempt), leftOut, counts })];
  });
  return new Map(contents);
}

/**
 * The output of a map attempt in a job without reduce tasks. All have the same length: attempts may skip different
 * records.
 */
export function mapToOutput(inputs: Inputs, map: number, attempt: number, leftOut: readonly number[]): string {
  const source = { map, attempt: padded(attempt), leftOut };
  const counts = countWords(inputs, map, undefined, leftOut, () => 0);
  return JSON.stringify({ partition: map, attempt: padded(attempt), sources: [source], counts }).padEnd(1000);
}

/** The output of a reduce attempt, from the contents of its inputs. */
export function reducePartition(partition: number, attempt: number, inputs: readonly string[]): string {
  return JSON.stringify({ partition, attempt: padded(attempt), ...merged(inputs) });
}

/** The file of a combine attempt, from the contents of its inputs. */
export function combineFiles(inputs: readonly string[]): string {
  return JSON.stringify(merged(inputs));
}

function merged(inputs: readonly string[]): Combined {
  const parsed = inputs.map((text) => JSON.parse(text) as Intermediate | Combined);
  const sources = parsed.flatMap((input) => {
    return "sources" in input ? input.sources : [{ map: input.map, attempt: input.attempt, leftOut: input.leftOut }];
  });
  return { sources, counts: sum(parsed.map(({ counts }) => counts)) };
}

/**
 * The problem with an output, or undefined. It must count the words of every record once, except the records that its
 * sources skipped; and only records in `skipped`, as "map offset", may be skipped.
 */
export function faultOf(
  inputs: Inputs,
  partition: number,
  text: string,
  skipped: ReadonlySet<string>,
  partitionOf: PartitionOf,
): string | undefined {
  const output = JSON.parse(text) as Output;
  if (output.partition !== partition) return `it is of partition ${output.partition}`;
  const leftOut = new Map(output.sources.map((source) => [source.map, source.leftOut]));
  if (leftOut.size !== output.sources.length) return "a map is in it twice";
  const expected: Record<string, number>[] = [];
  const isMapOnly = inputs.reducers === 0;
  for (const map of isMapOnly ? [partition] : inputs.splits.keys()) {
    const offsets = leftOut.get(map);
    const wrongly = offsets?.find((offset) => !skipped.has(`${map} ${offset}`));
    if (wrongly !== undefined) return `the record at ${wrongly} of map ${map} was left out`;
    const all = offsetsOf(inputs, map).filter((offset) => skipped.has(`${map} ${offset}`));
    const counts = countWords(inputs, map, isMapOnly ? undefined : partition, offsets ?? all, partitionOf);
    // A map has no file for a partition without words.
    if (offsets === undefined && Object.keys(counts).length > 0) return `map ${map} is missing`;
    expected.push(counts);
  }
  const [found, right] = [output.counts, sum(expected)].map((counts) => JSON.stringify(sorted(counts)));
  return found === right ? undefined : `it counts ${found}, and right is ${right}`;
}

/** Length and checksum of a file. */
export function stampOf(content: string): [number, number] {
  return [content.length, crc32(content)];
}

/** The words of one partition, or all words. */
function countWords(
  inputs: Inputs,
  map: number,
  partition: number | undefined,
  leftOut: readonly number[],
  partitionOf: PartitionOf,
): Record<string, number> {
  const counts = Object.create(null) as Record<string, number>;
  for (const [index, record] of (inputs.splits[map] ?? []).entries()) {
    if (leftOut.includes(index * recordBytes)) continue;
    for (const word of record) {
      if (partition === undefined || partitionOf(word) === partition) counts[word] = (counts[word] ?? 0) + 1;
    }
  }
  return counts;
}

function sum(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total = Object.create(null) as Record<string, number>;
  for (const counts of all) for (const [word, n] of Object.entries(counts)) total[word] = (total[word] ?? 0) + n;
  return total;
}

function sorted(counts: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Padded, so that an output has the same length whichever attempt wrote it. */
function padded(attempt: number): string {
  return String(attempt).padStart(6, "0");
}
