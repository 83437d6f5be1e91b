import { StagedFile } from "../../storage/staged-file.js";
import type { CollectedPartition } from "./collector.js";
import { IntermediateWriter } from "./intermediate-writer.js";
import type { SortedSink } from "./sorted-sink.js";

/** Writes the files of the partitions one after the other; a partition without a key gets none. */
export class PartitionFiles implements SortedSink {
  readonly #pathOf: (partition: number) => string;
  readonly #writer = new IntermediateWriter();
  readonly #files: StagedFile[] = [];
  readonly #finished: CollectedPartition[] = [];
  #partition = -1;
  #keys = 0;

  constructor(pathOf: (partition: number) => string) {
    this.#pathOf = pathOf;
  }

  /** How many keys were written. */
  get keys(): number {
    return this.#keys;
  }

  beginKey(partition: number, words: Int32Array, wordAt: number, keyBytes: number): void {
    if (partition !== this.#partition) this.#beginFile(partition);
    this.#keys += 1;
    this.#writer.beginKey(words, wordAt, keyBytes);
  }

  value(bytes: Uint8Array, start: number, end: number, count: number): void {
    this.#writer.value(bytes, start, end, count);
  }

  endKey(): void {
    this.#writer.endKey();
  }

  finish(): CollectedPartition[] {
    this.#endFile();
    return this.#finished;
  }

  /** Removes all files. */
  discard(): void {
    for (const file of this.#files) file.discard();
  }

  #beginFile(partition: number): void {
    this.#endFile();
    const file = StagedFile.create(this.#pathOf(partition));
    this.#files.push(file);
    this.#writer.writeTo(file);
    this.#partition = partition;
  }

  #endFile(): void {
    this.#writer.writeTo(undefined);
    const file = this.#files.at(-1);
    if (file !== undefined) this.#finished.push({ partition: this.#partition, ...file.close() });
  }
}
