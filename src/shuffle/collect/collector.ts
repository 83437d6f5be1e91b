import type { Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import type { FinishedFile } from "../../output/staged-file.js";
import type { TextKeyEnd } from "../../output/text-key-end.js";

/** A sorted file of pairs for one reduce task, complete and flushed, still under its temporary name. */
export interface CollectedPartition extends FinishedFile {
  readonly partition: number;
  /** Of an output file: see `RecordWriter`. */
  readonly textKeyEnd?: TextKeyEnd;
}

/** Takes the pairs that `map` emits. */
export interface PairTaker {
  /** Number of pairs taken so far. */
  readonly pairs: number;

  /**
   * Takes one pair. Throws a TypeError when the key is not a string or JSON cannot hold the value, a RangeError when
   * the app's `partition` gives no whole number from 0 to reducers − 1.
   */
  emit(key: string, value: JsonValue): void;

  /**
   * As `emit`, for the key whose UTF-8 is in `buffer` from `start` up to and without `end`; the bytes are copied. Throws a
   * RangeError as well when these are not places in the buffer, a TypeError when it is no Uint8Array. What is not UTF-8 becomes U+FFFD.
   */
  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void;

  /** As `emitBytes`, with the string as value whose UTF-8 is in the buffer from `valueStart` to `valueEnd`. */
  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void;
}

/**
 * The map side of the shuffle: takes the pairs of one map attempt in any order, and writes them as one sorted file a
 * partition. An implementation keeps pairs in memory or spills them; its user cannot tell.
 */
export interface Collector extends PairTaker {
  /** How many runs were spilled so far, those made by merging others included, and of how many bytes. */
  readonly spilled: { readonly runs: number; readonly bytes: number };

  /** Number of distinct keys in the files; 0 before `finish`. */
  readonly keysWritten: number;

  /** Memory that the pairs taken, and not spilled, need now, in bytes; with what sorting them will take. */
  readonly memoryBytes: number;

  /** Writes what was collected; partitions without a pair are left out. Nothing can be emitted afterwards. */
  finish(): CollectedPartition[];

  /** Gives up: removes what was spilled. Nothing can be emitted afterwards. Does nothing after `finish`. */
  discard(): void;
}

/** What every collector needs to know. */
export interface CollectorOptions {
  readonly reducers: number;
  /** The app's own partition function; the default hashes the key. */
  readonly partition?: ((key: string, reducers: number) => number) | undefined;
  /** The keys at which partitions 1, 2, … begin, in ascending order, for partitions that are ranges of keys. */
  readonly boundaries?: readonly string[] | undefined;
  /** Whether keys are grouped ones (`grouped-key.ts`): then the partition is that of the group, as are boundaries. */
  readonly isGrouped?: boolean | undefined;
  /** The app's own combine function. */
  readonly combine?: Combine | undefined;
  /** Where a partition's file is written, until it is complete and committed: an absolute path no one else uses. */
  temporaryPath(partition: number): string;
  /** Where run `run` (0, 1, …) is spilled to: an absolute path no one else uses. */
  spillPath(run: number): string;
  /** Told when pairs begin to be spilled, inside of an `emit`, and when they are, unless that failed. */
  onSpill?(isSpilling: boolean): void;
  /**
   * How much memory the pairs may take before they are spilled; 256 MiB when absent. Exceeded only by a single pair that
   * alone is larger.
   */
  readonly memoryBytes?: number | undefined;
}
