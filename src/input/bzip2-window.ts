import {
  checksumAt,
  findMagic,
  headerAt,
  magicAndChecksumBits,
  magicAt,
  magicBits,
  type Found,
} from "./bzip2-magic.js";

/**
 * The part of a bzip2 file that is in memory, read from its pieces when it is needed. All places are bits or bytes of the
 * file.
 */
export class Bzip2Window {
  readonly #pieces: Iterator<Uint8Array>;
  #data: Buffer = Buffer.alloc(0);
  #bytes = 0;
  /** Where the data begins in the file, in bytes. */
  #start: number;
  #isAtEnd = false;

  /** `startBytes` is the place of the first piece in the file. */
  constructor(pieces: Iterator<Uint8Array>, startBytes: number) {
    this.#pieces = pieces;
    this.#start = startBytes;
  }

  /** What begins at that bit; undefined when it is neither a block nor an end. */
  magicAt(bit: number): Found | undefined {
    if (!this.has(bit + magicBits)) return undefined;
    return this.#inFile(magicAt(this.#data, this.#bytes, this.#inData(bit)));
  }

  /** The checksum behind the magic number at that bit; undefined when the file ends before it. */
  checksumAt(bit: number): number | undefined {
    return this.has(bit + magicAndChecksumBits) ? checksumAt(this.#data, this.#inData(bit)) : undefined;
  }

  /** Whether the header of a stream begins at that byte; `"cut"` when the file ends within it. */
  headerAt(byte: number): boolean | "cut" {
    this.has(byte * 8 + 32);
    return headerAt(this.#data, this.#bytes, byte - this.#start);
  }

  /**
   * Finds the first block or end at or after `fromBit`, and drops what is before `keepBit`; undefined when none begins
   * before `limitBit`.
   */
  find(fromBit: number, keepBit: number, limitBit = Infinity): Found | undefined {
    for (let from = fromBit; from < limitBit;) {
      this.drop(keepBit);
      const found = this.#inFile(findMagic(this.#data, this.#bytes, this.#inData(from)));
      if (found !== undefined) return found.bit < limitBit ? found : undefined;
      // The last bits may be the beginning of a magic number.
      from = Math.max(from, (this.#start + this.#bytes) * 8 - magicBits);
      if (keepBit >= fromBit) keepBit = from;
      if (!this.#readOn()) return undefined;
    }
    return undefined;
  }

  /** Calls `use` with data that includes the bits from `fromBit` to `toBit`, and their places in it. */
  with<Result>(
    fromBit: number,
    toBit: number,
    use: (data: Uint8Array, fromBit: number, toBit: number) => Result,
  ): Result {
    this.has(toBit);
    return use(this.#data.subarray(0, this.#bytes), this.#inData(fromBit), this.#inData(toBit));
  }

  /** Whether the file reaches to that bit. */
  has(bit: number): boolean {
    while ((this.#start + this.#bytes) * 8 < bit) if (!this.#readOn()) return false;
    return true;
  }

  /** Counts the bytes of the file from that place on, and drops them. */
  countFrom(byte: number): number {
    for (;;) {
      const end = this.#start + this.#bytes;
      this.drop(end * 8);
      if (!this.#readOn()) return end - byte;
    }
  }

  /** Drops what is before that bit, once it is much. */
  drop(beforeBit: number): void {
    const bytes = Math.min(this.#bytes, Math.floor(beforeBit / 8) - this.#start);
    if (bytes < this.#data.length / 2) return;
    this.#data.copyWithin(0, bytes, this.#bytes);
    this.#bytes -= bytes;
    this.#start += bytes;
  }

  #readOn(): boolean {
    const next = this.#isAtEnd ? undefined : this.#pieces.next();
    if (next === undefined || next.done === true) {
      this.#isAtEnd = true;
      return false;
    }
    const piece = next.value;
    if (this.#bytes + piece.length > this.#data.length) {
      const data = Buffer.allocUnsafeSlow(Math.max(this.#bytes + piece.length, this.#data.length * 2));
      this.#data.copy(data, 0, 0, this.#bytes);
      this.#data = data;
    }
    this.#data.set(piece, this.#bytes);
    this.#bytes += piece.length;
    return true;
  }

  #inData(bit: number): number {
    return bit - this.#start * 8;
  }

  #inFile(found: Found | undefined): Found | undefined {
    return found && { ...found, bit: found.bit + this.#start * 8 };
  }
}
