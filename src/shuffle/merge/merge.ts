/**
 * The reduce side of the shuffle: a streaming k-way merge of the sorted intermediate files of one reduce task.
 *
 *     mr-0-Y ─ blocks ─ lines ┐
 *     mr-1-Y ─ blocks ─ lines ┼─ tournament on (key, input) ─ groups: key, values ─ reduce
 *     mr-2-Y ─ blocks ─ lines ┘
 *
 * Groups come in the order of keys (`key-words.ts`). The values of a key come in the order of the inputs, which is the
 * order of the map tasks, and within one input in the order of emission. So the result equals a sequential run's.
 *
 * A line stays bytes until its values are needed: the merge compares inputs by the bytes of their keys, a key becomes a
 * string once per group, and only the current group's values are made.
 *
 * Nothing is read ahead here. The kernel reads ahead in a file that is read from front to back, while `reduce` runs: a
 * reduce over files that are not in the page cache (`dd of=FILE oflag=nocache conv=notrunc,fdatasync count=0` evicts
 * one) takes no longer than over cached files.
 *
 * Memory is a block and a line per input, whatever the files' size. With more inputs than may be open at once, no file
 * stays open between two blocks: each read reopens it where it left off. This costs some microseconds per block, while
 * the usual way, merging in passes, would write and read all data once more, and would need disk space. Blocks get
 * smaller when there are very many inputs, so that together they stay within 64 MiB up to 16,384 inputs.
 */
import type { Combine } from "../../app/combine.js";
import type { StoredFile } from "../stored-file.js";
import { GroupedLines } from "./grouped-lines.js";
import { LineGroup, type Group } from "./groups.js";
import { MergedLines } from "./merged-lines.js";

/** How groups are made. */
interface MergeOptions {
  /**
   * The app's `combine`, with which `toArray` folds values that are too many for an array; a stream does not need it.
   */
  readonly combine?: Combine | undefined;
  /** Whether the files have grouped keys (`grouped-key.ts`). */
  readonly isGrouped?: boolean | undefined;
  /** Called with the total number of pairs read, at each line whose values are read. */
  readonly onPairs?: ((pairs: number) => void) | undefined;
  /** Called for each value that a stream reads, before it returns the value. */
  readonly onValue?: (() => void) | undefined;
}

const openFilesMax = 500;
const blockBytesMax = 64 * 1024;
const blockBytesMin = 4 * 1024;
const allBlocksBytesMax = 64 * 1024 * 1024;

/**
 * Merges the intermediate files of one reduce task, given in the order of their map tasks; `location` is an absolute
 * path. The files are opened when the caller asks for the first group, and closed after the last one, on an error, and
 * when a `for … of` loop is left early.
 *
 * Throws a DamagedInputError, from the loop or from reading a group's values, when a file is missing, short or corrupt.
 * Only the last block of a file reveals a wrong checksum, so nothing made from the groups may be committed before the
 * loop has ended.
 */
export function mergeGroups(inputs: readonly StoredFile[], options: MergeOptions = {}): MergedGroups {
  return new MergedGroups(inputs, options);
}

/** The lines of intermediate files, as `mergeGroups` reads them. */
export function mergeLines(inputs: readonly StoredFile[], onPairs?: (pairs: number) => void): MergedLines {
  const blockBytes = Math.floor(allBlocksBytesMax / Math.max(1, inputs.length));
  const reading = {
    blockBytes: Math.min(blockBytesMax, Math.max(blockBytesMin, blockBytes)),
    staysOpen: inputs.length <= openFilesMax,
  };
  return new MergedLines(inputs, reading, onPairs);
}

/** The groups of a reduce task, in the order of their keys. */
export class MergedGroups implements IterableIterator<Group, undefined, undefined> {
  readonly #lines: MergedLines | GroupedLines;
  readonly #combine: Combine | undefined;
  readonly #onValue: (() => void) | undefined;
  #group: LineGroup | undefined;

  constructor(inputs: readonly StoredFile[], { combine, isGrouped, onPairs, onValue }: MergeOptions) {
    const lines = mergeLines(inputs, onPairs);
    this.#lines = isGrouped === true ? new GroupedLines(lines) : lines;
    this.#combine = combine;
    this.#onValue = onValue;
  }

  /** The running number of pairs, counted a line at a time; at the end all pairs, including unread ones. */
  get pairs(): number {
    return this.#lines.pairs;
  }

  next(): IteratorResult<Group, undefined> {
    this.#endGroup();
    const key = this.#lines.nextKey();
    if (key === undefined) return { done: true, value: undefined };
    this.#group = new LineGroup(key, this.#lines, this.#combine, this.#onValue);
    return { done: false, value: this.#group };
  }

  /** Ends the merge early and closes its files. */
  return(): IteratorResult<Group, undefined> {
    this.#endGroup();
    this.#lines.close();
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  #endGroup(): void {
    this.#group?.end();
    this.#group = undefined;
  }
}
