const newline = 0x0a;
const quote = 0x22;

/**
 * Cuts the blocks of an output file into records, each with its line end. Taking a record is synchronous, and only the
 * step to the next block is awaited, because a block may contain very many records.
 */
export class RecordCutter {
  /** The current record; empty before the first one. */
  record: Buffer = Buffer.alloc(0);
  readonly #blocks: AsyncIterator<Buffer>;
  /** Whether a line end within quotes does not end the record (CSV). */
  readonly #hasQuotes: boolean;
  #block: Buffer = Buffer.alloc(0);
  /** Where the next record begins in the block. */
  #at = 0;
  /** The beginning of the next record, in earlier blocks. */
  #pieces: Buffer[] = [];
  #isQuoted = false;

  constructor(blocks: AsyncIterator<Buffer>, { hasQuotes }: { readonly hasQuotes: boolean }) {
    this.#blocks = blocks;
    this.#hasQuotes = hasQuotes;
  }

  /** Advances to the next record of the block; false when no whole record is left: then call `fill`. */
  take(): boolean {
    const block = this.#block;
    for (let from = this.#at; ;) {
      const end = block.indexOf(newline, from) + 1;
      if (this.#hasQuotes) this.#noteQuotes(from, end === 0 ? block.length : end);
      if (end === 0) {
        if (this.#at < block.length) this.#pieces.push(block.subarray(this.#at));
        this.#at = block.length;
        return false;
      }
      from = end;
      if (this.#isQuoted) continue;
      this.#setRecord(block.subarray(this.#at, end));
      this.#at = end;
      return true;
    }
  }

  /** Reads until there is a next record, and advances to it; false at the end. */
  async fill(): Promise<boolean> {
    for (;;) {
      const next = await this.#blocks.next();
      if (next.done === true) {
        if (this.#pieces.length === 0) return false;
        this.#setRecord(Buffer.alloc(0));
        return true;
      }
      this.#block = next.value;
      this.#at = 0;
      if (this.take()) return true;
    }
  }

  #setRecord(last: Buffer): void {
    this.record = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
  }

  #noteQuotes(from: number, end: number): void {
    const block = this.#block;
    for (let at = from; at < end; at++) if (block[at] === quote) this.#isQuoted = !this.#isQuoted;
  }
}
