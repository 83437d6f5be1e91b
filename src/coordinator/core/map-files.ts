import type { OutputFile, ReduceInput } from "../../rpc/protocol.js";

/**
 * The files that a committed map attempt made: twelve bytes for each partition. A job of 50,000 maps and 1,000
 * partitions has 50 million of them, which as objects would be some gigabytes.
 */
export class MapFiles {
  readonly #attempt: number;
  readonly #bytes: Float64Array;
  readonly #checksums: Uint32Array;

  constructor(attempt: number, reducers: number, outputs: readonly OutputFile[]) {
    this.#attempt = attempt;
    this.#bytes = new Float64Array(reducers);
    this.#checksums = new Uint32Array(reducers);
    for (const [partition, bytes, checksum] of outputs) {
      this.#bytes[partition] = bytes;
      this.#checksums[partition] = checksum;
    }
  }

  /** The file of that partition, as an input of its reduce task; undefined when there is none. `map` is the task's number. */
  input(map: number, partition: number): ReduceInput | undefined {
    const bytes = this.#bytes[partition] ?? 0;
    return bytes === 0 ? undefined : [map, this.#attempt, bytes, this.#checksums[partition] ?? 0];
  }
}
