import type { Combine } from "../../app/combine.js";
import type { JsonValue } from "../../app/contract.js";
import type { FinishedFile } from "../../storage/staged-file.js";
import type { TextKeyEnd } from "../../model/output-format.js";

/** A sorted file of pairs for one reduce task, complete and flushed, still under its temporary name. */
export interface CollectedPartition extends FinishedFile {
  readonly partition: number;
  /** For an output file: see `RecordWriter`. */
  readonly textKeyEnd?: TextKeyEnd;
}

/** Takes the pairs that `map` emits. */
export interface PairTaker {
  /** How many pairs were taken. */
  readonly pairs: number;

  /**
   * Takes one pair. Throws a TypeError when the key is not a string or JSON cannot hold the value, a RangeError when
   * the app's `partition` does not return a whole number from 0 to reducers − 1.
   */
  emit(key: string, value: JsonValue): void;

  /**
   * Like `emit`, for the key in `buffer` from `start` up to but excluding `end`, in UTF-8; copies the bytes. Also
   * throws a RangeError when the range is outside the buffer, a TypeError when `buffer` is not a Uint8Array. Invalid
   * UTF-8 becomes U+FFFD.
   */
  emitBytes(buffer: Uint8Array, start: number, end: number, value: JsonValue): void;

  /** Like `emitBytes`; the value is the string in the buffer from `valueStart` to `valueEnd`, in UTF-8. */
  emitSlices(buffer: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void;
}

/**
 * The map side of the shuffle: takes the pairs of one map attempt in any order and writes one sorted file per
 * partition. An implementation keeps pairs in memory or spills them; the caller cannot tell.
 */
export interface Collector extends PairTaker {
  /** How many runs were spilled, including runs made by merging, and their bytes. */
  readonly spilled: { readonly runs: number; readonly bytes: number };

  /** Distinct keys in the files; 0 before `finish`. */
  readonly keysWritten: number;

  /** The memory for the pairs that are taken but not spilled, in bytes, including what sorting them will need. */
  readonly memoryBytes: number;

  /** Writes the collected pairs, leaving out empty partitions. Afterwards `emit` is rejected. */
  finish(): CollectedPartition[];

  /** Gives up: removes spilled files. Afterwards `emit` is rejected. Does nothing after `finish`. */
  discard(): void;
}

/** What every collector needs to know. */
export interface CollectorOptions {
  readonly reducers: number;
  /** The app's own partition function; the default hashes the key. */
  readonly partition?: ((key: string, reducers: number) => number) | undefined;
  /** The keys at which partitions 1, 2, … begin, in ascending order, when partitions are ranges of keys. */
  readonly boundaries?: readonly string[] | undefined;
  /** Whether keys are grouped (`grouped-key.ts`). Then partitions and boundaries apply to the group. */
  readonly isGrouped?: boolean | undefined;
  /** The app's own combine function. */
  readonly combine?: Combine | undefined;
  /** The path for a partition's file until it is complete and committed: absolute and used by nothing else. */
  temporaryPath(partition: number): string;
  /** The path for run `run` (0, 1, …): absolute and used by nothing else. */
  spillPath(run: number): string;
  /** Called when an `emit` starts to spill pairs, and again after the spill unless it failed. */
  onSpill?(isSpilling: boolean): void;
  /** Called when an `emit` starts to fold values without spilling, and again after the fold unless it failed. */
  onFold?(isFolding: boolean): void;
  /**
   * How much memory the pairs may take before they are spilled; 256 MiB when absent. Only a single pair that is larger
   * by itself exceeds it.
   */
  readonly memoryBytes?: number | undefined;
}
