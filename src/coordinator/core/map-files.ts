import type { OutputFile, ReduceInput } from "../../rpc/protocol.js";

/** Of a length, the lower 32 bits and the upper ones; and the checksum. */
const wordsPerFile = 3;
const upper = 2 ** 32;

/**
 * The files that a committed map attempt made: twelve bytes for each partition. A job of 50,000 maps and 1,000
 * partitions has 50 million of them, which as objects would be some gigabytes. What is said of a file stands together:
 * whoever lists the inputs of a reduce looks at one file of each map, and waits for memory each time.
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

  /** Adds the length of each partition's file to the sum that is kept for it, or takes it away again. */
  addTo(partitionBytes: Float64Array, sign: 1 | -1): void {
    for (let partition = 0; partition < partitionBytes.length; partition += 1) {
      partitionBytes[partition] = (partitionBytes[partition] ?? 0) + sign * this.#bytesOf(partition);
    }
  }

  /** The file of that partition, as an input of its reduce task; undefined when there is none. `map` is the task's number. */
  input(map: number, partition: number): ReduceInput | undefined {
    const bytes = this.#bytesOf(partition);
    return bytes === 0 ? undefined : [map, this.#attempt, bytes, this.#words[partition * wordsPerFile + 2] ?? 0];
  }

  #bytesOf(partition: number): number {
    const at = partition * wordsPerFile;
    return (this.#words[at] ?? 0) + (this.#words[at + 1] ?? 0) * upper;
  }
}
