import type { JsonValue } from "../../app/contract.js";
import { grownSlab, slabBytesMin } from "./slab.js";

/** How many rows a block has: a power of two. Many small blocks take longer to read, large ones are partly empty. */
const blockRows = 4;
/** Place 0 belongs to no block, so that 0 means "none". */
const firstPlace = 1;

/**
 * Numbers, or arrays of numbers of one length such as `[min, max, sum, count]`, as rows of numbers in one slab. The rows
 * of a key lie in a chain of blocks:
 *
 *     │ next · │ 1.5 7 │ 2 9 │ 0.1 3 │ … │ next · │ …         one link per block (32 bits), then numbers (64 bits)
 *
 * A place is the index of a block's link among the slab's 64-bit elements. A freed chain is used again.
 */
export class RowBlocks {
  readonly #width: number;
  readonly #rowNumbers: number;
  readonly #blockNumbers: number;
  readonly #reserveBytes: number;
  /** Copied for each array: the copy has exactly the right capacity, and no number in it is an object of its own. */
  readonly #template: number[] = [];
  #words: Int32Array = new Int32Array(slabBytesMin / 4);
  #numbers = new Float64Array(this.#words.buffer);
  #end = firstPlace;
  #free = 0;

  /** `width` is the length of each array, 0 for plain numbers. `reserveBytes` is the most that the slab may need. */
  constructor(width: number, reserveBytes: number) {
    this.#width = width;
    this.#rowNumbers = Math.max(width, 1);
    this.#blockNumbers = 1 + blockRows * this.#rowNumbers;
    this.#reserveBytes = reserveBytes;
    while (this.#template.length < width) this.#template.push(0.5);
  }

  /** The memory that a block takes. */
  get blockBytes(): number {
    return 8 * this.#blockNumbers;
  }

  /** The memory in use. */
  get bytes(): number {
    return 8 * this.#end;
  }

  /**
   * Copies the row that begins at `from` in `source` to the end of a chain of `count` rows, whose last block is `last`.
   * Returns the last block after that.
   */
  append(last: number, count: number, source: Float64Array, from: number): number {
    const within = count % blockRows;
    const block = within === 0 ? this.#newBlock(last, count) : last;
    const numbers = this.#numbers;
    let at = block + 1 + within * this.#rowNumbers;
    for (const end = at + this.#rowNumbers; at < end; at++) numbers[at] = source[from++] ?? 0;
    return block;
  }

  /** Returns the values of the chain of `count` rows, at least one, from `first` to `last`, and frees it. */
  take(first: number, last: number, count: number): JsonValue[] {
    const values: JsonValue[] = [];
    const words = this.#words;
    let block = first;
    for (let at = 0; at < count; at++) {
      const within = at % blockRows;
      if (within === 0 && at > 0) block = words[2 * block] ?? 0;
      values.push(this.valueAt(this.#numbers, block + 1 + within * this.#rowNumbers));
    }
    words[2 * last] = this.#free;
    this.#free = first;
    return values;
  }

  /** The value whose row begins at `from` in `source`. */
  valueAt(source: Float64Array, from: number): JsonValue {
    if (this.#width === 0) return source[from] ?? 0;
    const array = this.#template.slice();
    for (let at = 0; at < array.length; at++) array[at] = source[from + at] ?? 0;
    return array;
  }

  /** Forgets everything. Keeps the room. */
  clear(): void {
    this.#end = firstPlace;
    this.#free = 0;
  }

  /** Returns a block that follows `last`, unless the chain of `count` rows is empty. */
  #newBlock(last: number, count: number): number {
    let block = this.#free;
    if (block === 0) {
      block = this.#end;
      this.#end += this.#blockNumbers;
      if (this.#end > this.#numbers.length) this.#grow(block);
    } else {
      this.#free = this.#words[2 * block] ?? 0;
    }
    if (count > 0) this.#words[2 * last] = block;
    return block;
  }

  #grow(used: number): void {
    // An even number of words.
    const words = grownSlab(this.#words, 2 * used, 2 * this.#end, 8 * Math.ceil(this.#reserveBytes / 8));
    this.#words = words;
    this.#numbers = new Float64Array(words.buffer);
  }
}
