/**
 * Decompresses Zstandard (RFC 8878), a block of at most 128 KiB at a time.
 *
 * Node.js decodes the blocks where it can (22.15 and later), some ten times as fast as `fzstd`, which older versions
 * use. `fzstd` is plain JavaScript and decodes 70 MB a second, about as fast as most apps map. A package with a native
 * binary cannot be bundled with the programs, and the `zstd` program is not on every machine. Of the WebAssembly
 * packages that include their binary, `zstddec` hangs on damaged data, and others need the whole file at once.
 *
 * Neither decoder explains an error in terms that help a user, and `fzstd` verifies nothing. So this module parses the
 * frames, for which reading the headers is enough, and compares the length that a frame declares with the length of its
 * contents. With `fzstd` it also compares the checksum (XXH64).
 */
import { Readable, pipeline, type Transform } from "node:stream";
import zlib from "node:zlib";
import { PieceQueue } from "./piece-queue.js";
import { UnsupportedInputError } from "./unsupported-input-error.js";

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
/** The limit of the `zstd` program, where a larger window must be allowed explicitly (`--long`). */
const windowBytesMax = 128 * 2 ** 20;
const blockBytesMax = 128 * 1024;

/**
 * Yields the contents of a file, read from `pieces`, frame after frame. Throws an Error that says what is
 * wrong with the file.
 */
export async function* unzstd(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decode = createZstdDecompress === undefined ? decodeInJavaScript : decodeNatively;
  const file = new PieceQueue(pieces);
  while (!file.isAtEnd()) {
    const magic = file.take(4).readUInt32LE();
    if ((magic & 0xfffffff0) === skippableMagic) {
      for (let left = file.take(4).readUInt32LE(); left > 0; left -= blockBytesMax)
        file.take(Math.min(left, blockBytesMax));
      continue;
    }
    if (magic !== frameMagic) throw new Error("what follows the first frame is not a frame");
    const header = readHeader(file);
    let length = 0;
    for await (const bytes of decode(partsOf(header, file), header.hasChecksum)) {
      length += bytes.length;
      yield bytes;
    }
    if (header.contentBytes !== undefined && header.contentBytes !== BigInt(length)) {
      throw new Error("a frame does not have its declared length");
    }
  }
}

/** The header of a frame, its blocks and, if present, its checksum. */
function* partsOf(header: FrameHeader, file: PieceQueue): Generator<Buffer> {
  yield header.bytes;
  for (let isLast = false; !isLast;) {
    const block = takeBlock(file);
    isLast = block.isLast;
    yield block.bytes;
  }
  if (header.hasChecksum) yield file.take(4);
}

/** Since Node.js 22.15 and 23.8. */
const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: () => Transform };

/** Whether Node.js decodes Zstandard. */
export const isNative = createZstdDecompress !== undefined;

/** Decodes the parts of one frame with Node.js. Throws an Error when they are damaged. */
async function* decodeNatively(parts: Iterable<Buffer>): AsyncGenerator<Uint8Array> {
  const decoder = (createZstdDecompress as () => Transform)();
  // The loop throws the errors of either end, as the decoder's.
  pipeline(Readable.from(parts), decoder, () => undefined);
  try {
    for await (const bytes of decoder) yield bytes as Uint8Array;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ZSTD_error_checksum_wrong") throw error;
    throw new Error("a checksum is wrong", { cause: error });
  }
}

/** Does the same with `fzstd`. */
async function* decodeInJavaScript(parts: Iterable<Buffer>, hasChecksum: boolean): AsyncGenerator<Uint8Array> {
  const [{ Decompress }, { default: xxhash }] = await Promise.all([import("fzstd"), import("xxhash-wasm")]);
  const hash = (await xxhash()).create64();
  let decoded: Uint8Array[] = [];
  const decoder = new Decompress((bytes) => decoded.push(bytes));
  let isHeader = true;
  let hasEnded = false;
  for (const part of parts) {
    if (hasEnded) {
      if (part.readUInt32LE() !== Number(hash.digest() & 0xffffffffn)) throw new Error("a checksum is wrong");
      return;
    }
    decoder.push(part);
    hasEnded = !isHeader && (part.readUInt8() & 1) === 1;
    isHeader = false;
    // The decoder requires a checksum, but ignores it.
    if (hasEnded) decoder.push(Buffer.alloc(hasChecksum ? 4 : 0), true);
    for (const bytes of decoded) {
      hash.update(bytes);
      if (bytes.length > 0) yield bytes;
    }
    decoded = [];
  }
}

interface FrameHeader {
  readonly bytes: Buffer;
  readonly hasChecksum: boolean;
  /** Undefined when the header does not declare it. */
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
