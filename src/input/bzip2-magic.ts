/**
 * Finds the blocks in bzip2 data. A file is one or several streams. A stream is a header of four bytes, then blocks, then an
 * end. Blocks and ends begin with 48 bits of their own, at any bit; only headers are aligned to bytes. (A format
 * specification: https://github.com/dsnet/compress/blob/master/doc/bzip2-format.pdf)
 */

export const magicBits = 48;
/** The magic number, and a CRC-32. */
export const magicAndChecksumBits = magicBits + 32;
export const headerBytes = 4;

/** A block begins with the digits of pi, and the end of a stream with the digits of its square root; here in halves of 24 bits. */
const blockMagic = [0x314159, 0x265359] as const;
const endMagic = [0x177245, 0x385090] as const;

/** Where something begins in the data that is currently in memory. */
export interface Found {
  readonly bit: number;
  readonly isBlock: boolean;
}

/** A magic number covers every second byte of `windowStep` completely, whatever its first bit. */
const windowStep = 4;
const windowBits = 16;
const lastShift = magicBits - windowBits;

/** Whether 16 bits occur in one of the magic numbers. */
const isInMagic = windowsOf([blockMagic, endMagic]);

/** What begins at this bit of the data; undefined if neither a block nor an end does, or the data ends too soon. */
export function magicAt(data: Uint8Array, bytes: number, bit: number): Found | undefined {
  if (bit + magicBits > bytes * 8) return undefined;
  const [high, low] = [bitsAt(data, bit), bitsAt(data, bit + 24)];
  if (high === blockMagic[0] && low === blockMagic[1]) return { bit, isBlock: true };
  return high === endMagic[0] && low === endMagic[1] ? { bit, isBlock: false } : undefined;
}

/**
 * Finds the first block or end at or after `fromBit` in the first `bytes` of the data; undefined if none begins there. The
 * same bits can also occur inside a block, with a probability of 2^-47 for each bit: only decoding the block tells.
 */
export function findMagic(data: Uint8Array, bytes: number, fromBit: number): Found | undefined {
  // The first place where a window can be that belongs to a magic number from there on.
  const first = Math.ceil(fromBit / 8 / windowStep) * windowStep;
  for (let at = first; at + 1 < bytes; at += windowStep) {
    if (isInMagic[((data[at] ?? 0) << 8) | (data[at + 1] ?? 0)] === 0) continue;
    for (let shift = lastShift; shift >= 0; shift--) {
      const bit = at * 8 - shift;
      const found = bit < fromBit ? undefined : magicAt(data, bytes, bit);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The CRC-32 behind the magic number that begins at this bit. */
export function checksumAt(data: Uint8Array, bit: number): number {
  const at = bit + magicBits;
  return ((bitsAt(data, at) << 8) | (bitsAt(data, at + 24) >>> 16)) >>> 0;
}

/** The checksum of a stream after another block, whose checksum is `block`. */
export function combined(stream: number, block: number): number {
  return (((stream << 1) | (stream >>> 31)) ^ block) >>> 0;
}

/** Whether the bytes from there on can be the header of a stream; `"cut"` when the data ends within it. */
export function headerAt(data: Uint8Array, bytes: number, at: number): boolean | "cut" {
  for (let place = 0; place < headerBytes; place++) {
    if (at + place >= bytes) return "cut";
    const byte = data[at + place] ?? 0;
    if (place < 3 ? byte !== "BZh".charCodeAt(place) : byte < 0x31 || byte > 0x39) return false;
  }
  return true;
}

/** The 24 bits from there on; bits behind the data are 0. */
function bitsAt(data: Uint8Array, bit: number): number {
  const at = Math.floor(bit / 8);
  const word = ((data[at] ?? 0) << 24) | ((data[at + 1] ?? 0) << 16) | ((data[at + 2] ?? 0) << 8) | (data[at + 3] ?? 0);
  return (word << (bit % 8)) >>> 8;
}

function windowsOf(magics: readonly (readonly [number, number])[]): Uint8Array {
  const table = new Uint8Array(2 ** windowBits);
  for (const [high, low] of magics) {
    const magic = (BigInt(high) << 24n) | BigInt(low);
    for (let shift = 0; shift <= lastShift; shift++) table[Number((magic >> BigInt(shift)) & 0xffffn)] = 1;
  }
  return table;
}
