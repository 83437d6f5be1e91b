import { UnsupportedInputError } from "./unsupported-input-error.js";

/**
 * Offsets in bzip2 files. A split that begins in the middle of a file cannot know how long the contents of the blocks before
 * it are. So an offset is the number of a block times 2^26, which is more than a block can contain, plus the place in the
 * contents of the block. It identifies a byte of the file however the file was split.
 */
const blockSpan = 2 ** 26;
/** So that all offsets are safe integers. */
const blocksMax = 2 ** 27;

/** Translates places in the bytes that a reader receives, which are numbered from `first`, into offsets in the file. */
export class Bzip2Offsets {
  /** At most the offset of the first byte; 0 only at the beginning of the file. */
  readonly first: number;
  /** For each block, its number and where its contents begin in what the reader receives; negative if they began before. */
  readonly #numbers: number[] = [];
  readonly #starts: number[] = [];
  /** Where the contents of the next block begin. */
  #end: number;
  /** The block of the most recent place: places mostly ascend. */
  #at = 0;
  #isPlain = false;

  /** `number` is the number of the first block. */
  constructor(number = 0) {
    this.first = number * blockSpan;
    this.#end = this.first;
  }

  /** Notes the next block. The reader does not receive the first `skipped` bytes of its contents. */
  add(number: number, bytes: number, skipped: number): void {
    if (number >= blocksMax) throw new UnsupportedInputError(`it has more than ${blocksMax} blocks`);
    this.#numbers.push(number);
    this.#starts.push(this.#end - skipped);
    this.#end += bytes - skipped;
  }

  /** The reader does not receive the byte order mark at the beginning, and offsets do not count it. */
  dropMark(bytes: number): void {
    for (const [index, start] of this.#starts.entries()) this.#starts[index] = Math.max(0, start - bytes);
    this.#end -= bytes;
  }

  /** The reader receives converted text: offsets are places in that. */
  setPlain(): void {
    this.#isPlain = true;
  }

  /** The offset in the file of a place. */
  toFile(place: number): number {
    if (this.#isPlain) return place;
    const index = this.#indexOf(place);
    return (this.#numbers[index] ?? 0) * blockSpan + place - (this.#starts[index] ?? 0);
  }

  /** Where the contents of the next block begin, as far as it is known. */
  nextBlock(place: number): number {
    return this.#isPlain ? Infinity : (this.#starts[this.#indexOf(place) + 1] ?? Infinity);
  }

  #indexOf(place: number): number {
    const starts = this.#starts;
    while ((starts[this.#at + 1] ?? Infinity) <= place) this.#at += 1;
    while (this.#at > 0 && (starts[this.#at] ?? 0) > place) this.#at -= 1;
    return this.#at;
  }
}
