import type { StagedFile } from "../../storage/staged-file.js";
import { wordsOf } from "../key-words.js";
import type { SortedSink } from "./sorted-sink.js";

const blockWords = 64 * 1024;
const countMax = 0x7fff_ffff;

/**
 * Writes a run: a temporary file with pairs of all partitions in the order of (partition, key), which only the process
 * that wrote it reads. It consists of 32-bit words in the machine's byte order:
 *
 *     partition, keyBytes, key …            as in `key-words.ts`
 *       count, textBytes, text …            for each value, filled up to whole words
 *       0
 */
export class RunWriter implements SortedSink {
  readonly #file: StagedFile;
  readonly #words = new Int32Array(blockWords);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  #filled = 0;

  constructor(file: StagedFile) {
    this.#file = file;
  }

  beginKey(partition: number, words: Int32Array, wordAt: number, keyBytes: number): void {
    this.#put(partition, keyBytes);
    const keyEnd = wordAt + wordsOf(keyBytes);
    if (keyEnd - wordAt > this.#room()) {
      this.#flush();
      const start = words.byteOffset + wordAt * 4;
      this.#file.append(new Uint8Array(words.buffer, start, (keyEnd - wordAt) * 4));
    } else {
      let to = this.#filled;
      for (let at = wordAt; at < keyEnd; at++) this.#words[to++] = words[at] ?? 0;
      this.#filled = to;
    }
  }

  value(bytes: Uint8Array, start: number, end: number, count: number): void {
    for (let left = count; left > 0; left -= countMax) this.#putText(Math.min(left, countMax), bytes, start, end);
  }

  endKey(): void {
    if (this.#room() < 1) this.#flush();
    this.#words[this.#filled++] = 0;
  }

  /** Writes buffered data. The file stays open. */
  flush(): void {
    this.#flush();
  }

  #putText(count: number, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const words = wordsOf(length);
    this.#put(count, length);
    if (words > this.#room()) {
      this.#flush();
      this.#file.append(bytes.subarray(start, end));
      this.#file.append(new Uint8Array(words * 4 - length));
      return;
    }
    let to = this.#filled * 4;
    if (length > 32) this.#bytes.set(bytes.subarray(start, end), to);
    else for (let at = start; at < end; at++) this.#bytes[to++] = bytes[at] ?? 0;
    this.#filled += words;
  }

  #put(first: number, second: number): void {
    if (this.#room() < 2) this.#flush();
    this.#words[this.#filled++] = first;
    this.#words[this.#filled++] = second;
  }

  #room(): number {
    return blockWords - this.#filled;
  }

  #flush(): void {
    if (this.#filled > 0) this.#file.append(this.#bytes.subarray(0, this.#filled * 4));
    this.#filled = 0;
  }
}
