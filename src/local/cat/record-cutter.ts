const newline = 0x0a;
const quote = 0x22;

/**
 * Cuts the blocks of an output file into its records, each with its end of line. To take a record is synchronous, and only
 * what comes between two blocks is waited for, since there may be millions of records in between.
 */
export class RecordCutter {
  /** The record at hand; empty before the first one. */
  record: Buffer = Buffer.alloc(0);
  readonly #blocks: AsyncIterator<Buffer>;
  /** Whether a line may end within quotes, and the record does not end there (CSV). */
  readonly #hasQuotes: boolean;
  #block: Buffer = Buffer.alloc(0);
  /** Where in the block the next record begins. */
  #at = 0;
  /** The beginning of the next record, in earlier blocks. */
  #pieces: Buffer[] = [];
  #isQuoted = false;

  constructor(blocks: AsyncIterator<Buffer>, { hasQuotes }: { readonly hasQuotes: boolean }) {
    this.#blocks = blocks;
    this.#hasQuotes = hasQuotes;
  }

  /** Goes on to the next record of the block; false when it has no whole one any more: then there is `fill`. */
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

  /** Reads until there is a next record, and goes on to it; false when there is none. */
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
