/**
 * Decompression of Zstandard (RFC 8878), a block of at most 128 KiB at a time.
 *
 * The blocks are decoded by `fzstd`, which is plain JavaScript: a package with a native binary cannot be packed into the
 * programs, the `zstd` program is not on every machine, and Node.js has had its own decoder since 22.15 only. Of the
 * packages in WebAssembly that carry their binary, `zstddec` never ends with damaged data, and others need all of a file
 * at once. It decodes some 70 MB a second, which is as fast as most apps map.
 *
 * `fzstd` verifies nothing. So the frames are taken apart here, which takes a look at the headers alone, and for each of
 * them what it says of its contents is compared: length and checksum (XXH64), where they are given.
 */
import { Decompress } from "fzstd";
import xxhash from "xxhash-wasm";
import { PieceQueue } from "./piece-queue.js";
import { UnsupportedInputError } from "./unsupported-input-error.js";

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** As the `zstd` program: a larger window must be allowed by hand there (`--long`). */
const windowBytesMax = 128 * 2 ** 20;
const blockBytesMax = 128 * 1024;

/** Yields what a file holds that consists of these pieces: frame after frame. Throws an Error that says what is wrong. */
export async function* unzstd(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hashes = await xxhash();
  const file = new PieceQueue(pieces);
  while (!file.isAtEnd()) {
    const magic = file.take(4).readUInt32LE();
    if ((magic & 0xfffffff0) === skippableMagic) {
      for (let left = file.take(4).readUInt32LE(); left > 0; left -= blockBytesMax)
        file.take(Math.min(left, blockBytesMax));
      continue;
    }
    if (magic !== frameMagic) throw new Error("what follows the first frame is none");
    const header = readHeader(file);
    let decoded: Uint8Array[] = [];
    const decoder = new Decompress((bytes) => decoded.push(bytes));
    decoder.push(header.bytes);
    const hash = hashes.create64();
    let length = 0;
    for (let isLast = false; !isLast;) {
      const block = takeBlock(file);
      isLast = block.isLast;
      decoder.push(block.bytes);
      if (isLast) decoder.push(header.hasChecksum ? Buffer.alloc(4) : Buffer.alloc(0), true);
      for (const bytes of decoded) {
        hash.update(bytes);
        length += bytes.length;
        if (bytes.length > 0) yield bytes;
      }
      decoded = [];
    }
    if (header.contentBytes !== undefined && header.contentBytes !== BigInt(length)) {
      throw new Error("a frame has not the length that it should have");
    }
    if (header.hasChecksum && file.take(4).readUInt32LE() !== Number(hash.digest() & 0xffffffffn)) {
      throw new Error("a checksum is wrong");
    }
  }
}

interface FrameHeader {
  readonly bytes: Buffer;
  readonly hasChecksum: boolean;
  /** Undefined when it does not say. */
  readonly contentBytes: bigint | undefined;
}

/** RFC 8878, section 3.1.1.1. */
function readHeader(file: PieceQueue): FrameHeader {
  const descriptor = file.take(1).readUInt8();
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw new Error("a frame header is damaged");
  if ((descriptor & 0x03) !== 0) {
    throw new UnsupportedInputError("it was compressed with a dictionary, which only zstd itself reads: zstd -d -D");
  }
  const window = file.take(isSingleSegment ? 0 : 1);
  const sizeFlag = descriptor >> 6;
  const size = file.take(sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag);
  const contentBytes = contentSize(size);
  const windowBytes = isSingleSegment ? contentBytes : windowSize(window.readUInt8());
  if (windowBytes !== undefined && windowBytes > windowBytesMax) {
    throw new UnsupportedInputError(
      "it was compressed with a window of more than 128 MiB, which only zstd itself reads: zstd -d --long=31",
    );
  }
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(frameMagic);
  return {
    bytes: Buffer.concat([magic, Buffer.from([descriptor]), window, size]),
    hasChecksum: (descriptor & 0x04) !== 0,
    contentBytes,
  };
}

function contentSize(field: Buffer): bigint | undefined {
  if (field.length === 0) return undefined;
  if (field.length === 8) return field.readBigUInt64LE();
  return BigInt(field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0));
}

function windowSize(descriptor: number): bigint {
  const base = 1n << BigInt(10 + (descriptor >> 3));
  return base + (base >> 3n) * BigInt(descriptor & 7);
}

function takeBlock(file: PieceQueue): { readonly bytes: Buffer; readonly isLast: boolean } {
  const header = file.take(3);
  const bits = header.readUIntLE(0, 3);
  const type = (bits >> 1) & 3;
  const bytes = bits >> 3;
  if (type === 3 || bytes > blockBytesMax) throw new Error("a block header is damaged");
  // The second type is one byte, repeated.
  const contents = file.take(type === 1 ? 1 : bytes);
  return { bytes: Buffer.concat([header, contents]), isLast: (bits & 1) === 1 };
}
