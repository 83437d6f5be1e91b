/**
 * Decompresses bzip2 files as `bzip2 -dc` does: several streams form one file, and what follows the last stream and does
 * not begin like another one is ignored with a warning. All checksums are compared.
 *
 * A file is decoded block by block, so that reading can begin at any block. Nothing says where a block ends: another block
 * or the end of the stream follows, so this module looks for one of their magic numbers and decodes what is before it.
 * When that fails, the bits occurred within the block by chance, and it looks for the next.
 */
import { decodeBlock } from "./bzip2-library.js";
import { combined, headerBytes, magicAndChecksumBits, magicBits } from "./bzip2-magic.js";
import type { Bzip2Offsets } from "./bzip2-offsets.js";
import { Bzip2Window } from "./bzip2-window.js";

const newline = 0x0a;
/** Each of 900,000 symbols takes at most 20 bits; its tables take some more. */
const blockBitsMax = 20 * 2 ** 20;

/** Some consecutive blocks of a file, as a split. */
export interface BlockRange {
  /** The bit of the file where the first block begins; 0 for the header of the file. */
  readonly firstBit: number;
  /** The number of blocks before. */
  readonly number: number;
  /** The bit where the block after the last one begins; undefined at the end of the file. */
  readonly endBit?: number | undefined;
}

export interface Bzip2Options {
  /** Opens the stored bytes of the file from a position on, in pieces. */
  readonly open: (fromBytes: number) => Generator<Uint8Array, void>;
  /** Receives the number of ignored bytes after the last stream. */
  readonly onTrailing: (bytes: number) => void;
  /** Is told of each block before its bytes are yielded. */
  readonly offsets?: Bzip2Offsets | undefined;
}

/** A decoded block. */
interface Block {
  readonly number: number;
  readonly firstBit: number;
  readonly bytes: Uint8Array;
}

const wholeFile: BlockRange = { firstBit: 0, number: 0 };

/**
 * Yields the contents of a file. With a range, yields the lines that belong to it, from the first line that begins behind
 * its first byte to the end of the line that begins at or before its end. So the ranges of a file divide its lines without
 * coordination, and no range needs the block before it. The first line of the file belongs to the first range.
 *
 * Throws an Error that says what is wrong with the file, or whatever reading throws.
 */
export function* unbzip2(options: Bzip2Options, range = wholeFile): Generator<Uint8Array, void> {
  const { endBit = Infinity } = range;
  /** Whether the range before this one takes the bytes: up to the end of the line in which this range begins. */
  let isInLine = range.firstBit > 0;
  for (const { number, firstBit, bytes } of bzip2Blocks(options, range)) {
    const isBehind = firstBit >= endBit;
    const start = isInLine ? bytes.indexOf(newline) + 1 : 0;
    if (isInLine && start === 0 && !isBehind) continue;
    if (isInLine && isBehind) return;
    isInLine = false;
    const lineEnd = isBehind ? bytes.indexOf(newline) + 1 : 0;
    options.offsets?.add(number, bytes.length, start);
    yield bytes.subarray(start, lineEnd === 0 ? bytes.length : lineEnd);
    if (lineEnd > 0) return;
  }
}

/** Yields the blocks of a file from the beginning of a range on. */
function* bzip2Blocks({ open, onTrailing }: Bzip2Options, range: BlockRange): Generator<Block, void> {
  const { firstBit, endBit } = range;
  const pieces = open(Math.floor(firstBit / 8));
  const window = new Bzip2Window(pieces, Math.floor(firstBit / 8));
  let { number } = range;
  let bit = firstBit;
  let isAtHeader = firstBit === 0;
  /** Undefined when reading began within the stream: whoever planned the range has compared the checksum. */
  let checksum: number | undefined;
  let isEndFound = endBit === undefined;
  try {
    for (;;) {
      if (isAtHeader) {
        if (!beginsStream(window, bit, onTrailing)) break;
        bit += headerBytes * 8;
        checksum = 0;
      }
      const found = window.magicAt(bit);
      const stored = window.checksumAt(bit);
      if (stored === undefined) throw new Error("unexpected end of file");
      if (found === undefined) throw damaged(bit);
      isAtHeader = !found.isBlock;
      if (isAtHeader) {
        if (checksum !== undefined && stored !== checksum) throw wrongChecksum(bit);
        bit = Math.ceil((bit + magicAndChecksumBits) / 8) * 8;
        continue;
      }
      if (checksum !== undefined) checksum = combined(checksum, stored);
      isEndFound ||= bit === endBit;
      if (endBit !== undefined && !isEndFound && bit > endBit) throw damaged(endBit);
      const block = decodeAt(window, bit);
      yield { number, firstBit: bit, bytes: block.bytes };
      number += 1;
      bit = block.endBit;
      window.drop(bit);
    }
    if (endBit !== undefined && !isEndFound) throw damaged(endBit);
  } finally {
    pieces.return();
  }
}

/** Whether a stream begins at that bit; otherwise reports the bytes from there on, if any. */
function beginsStream(window: Bzip2Window, bit: number, onTrailing: (bytes: number) => void): boolean {
  const byte = bit / 8;
  if (byte > 0 && !window.has(bit + 1)) return false;
  const isHeader = window.headerAt(byte);
  if (isHeader === "cut") throw new Error("unexpected end of file");
  if (isHeader) return true;
  if (byte === 0) throw new Error("it does not begin like bzip2 data");
  onTrailing(window.countFrom(byte));
  return false;
}

/** Decodes the block that begins at that bit. */
function decodeAt(window: Bzip2Window, bit: number): { readonly bytes: Uint8Array; readonly endBit: number } {
  let tries = 0;
  for (let from = bit + magicBits; ; tries += 1) {
    const end = window.find(from, bit, bit + blockBitsMax);
    if (end === undefined) break;
    const bytes = window.with(bit, end.bit, decodeBlock);
    if (bytes !== undefined) return { bytes, endBit: end.bit };
    from = end.bit + 1;
  }
  if (tries === 0 && !window.has(bit + blockBitsMax)) throw new Error("unexpected end of file");
  throw damaged(bit);
}

function damaged(bit: number): Error {
  return new Error(`the block that begins at byte ${Math.floor(bit / 8)}, or its checksum, is wrong`);
}

function wrongChecksum(bit: number): Error {
  return new Error(
    `the checksum of the stream that ends at byte ${Math.ceil((bit + magicAndChecksumBits) / 8)} is wrong`,
  );
}
