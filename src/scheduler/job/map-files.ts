import type { OutputFile } from "../../model/attempt.js";
import type { ReduceInput } from "../../model/assignment.js";

/** The lower and upper 32 bits of the length, and the checksum. */
const wordsPerFile = 3;
const upper = 2 ** 32;

/**
 * The files of a committed map attempt, in twelve bytes per partition. A job of 50,000 maps and 1,000 partitions has 50
 * million files, which would take gigabytes as objects. The words of a file are adjacent: listing the inputs of a
 * reduce reads one file of each map, and each read waits for memory.
 */
export class MapFiles {
  readonly #attempt: number;
  readonly #words: Uint32Array;

  constructor(attempt: number, reducers: number, outputs: readonly OutputFile[]) {
    this.#attempt = attempt;
    this.#words = new Uint32Array(reducers * wordsPerFile);
    for (const [partition, bytes, checksum] of outputs) {
      const at = partition * wordsPerFile;
      this.#words[at] = bytes % upper;
      this.#words[at + 1] = Math.floor(bytes / upper);
      this.#words[at + 2] = checksum;
    }
  }

  /** Adds the length of each partition's file to the totals in `partitionBytes`, or subtracts it. */
  addTo(partitionBytes: Float64Array, sign: 1 | -1): void {
    for (let partition = 0; partition < partitionBytes.length; partition += 1) {
      partitionBytes[partition] = (partitionBytes[partition] ?? 0) + sign * this.#bytesOf(partition);
    }
  }

  /**
   * Returns the file of a partition as an input of its reduce task; undefined if the partition is empty. `map` is the task's
   * number.
   */
  input(map: number, partition: number): ReduceInput | undefined {
    const bytes = this.#bytesOf(partition);
    return bytes === 0 ? undefined : [map, this.#attempt, bytes, this.#words[partition * wordsPerFile + 2] ?? 0];
  }

  #bytesOf(partition: number): number {
    const at = partition * wordsPerFile;
    return (this.#words[at] ?? 0) + (this.#words[at + 1] ?? 0) * upper;
  }
}
