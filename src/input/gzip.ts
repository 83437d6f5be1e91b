/**
 * Decompresses gzip files (RFC 1952) like `gzip -dc`: several members form one file, zero bytes after the last member
 * are padding, and anything else after it is ignored with a warning.
 *
 * Node's own `Gunzip` reads all regular files. It fails at bytes after the last member, and drops what it has
 * decompressed just before them. So a file at which it fails is read once more, member by member, to tell damage from
 * trailing bytes.
 */
import { pipeline, Readable } from "node:stream";
import { crc32, createGunzip, createInflateRaw } from "node:zlib";
import { PieceQueue } from "./piece-queue.js";

/** With Node's default of 16 KiB, decompression takes four times as long. */
const decompressedPieceBytes = 256 * 1024;

/** Opens the stored bytes of a file from a position on, in pieces; may be called several times. */
type OpenPieces = (from: number) => Generator<Uint8Array, void>;

/**
 * Yields the contents of a gzip file. Calls `onTrailing` with the number of ignored bytes after the last member, unless
 * they are all zero. Throws an Error that says what is wrong with the file.
 */
export async function* gunzip(open: OpenPieces, onTrailing: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  const decompressing = createGunzip({ chunkSize: decompressedPieceBytes });
  let yieldedBytes = 0;
  const stored = open(0);
  // An error surfaces where the pieces are read.
  pipeline(Readable.from(stored), decompressing, () => undefined);
  try {
    for await (const piece of decompressing as AsyncIterable<Uint8Array>) {
      yieldedBytes += piece.length;
      yield piece;
    }
  } catch (error) {
    if (!isZlibError(error)) throw error;
    yield* gunzipMembers(open(0), yieldedBytes, onTrailing);
    return;
  } finally {
    stored.return();
  }
  // The decoder stops at a zero byte after a member without examining what follows.
  tellTrailing(open(decompressing.bytesWritten), onTrailing);
}

function isZlibError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "Z_DATA_ERROR" || code === "Z_BUF_ERROR";
}

function tellTrailing(pieces: Iterable<Uint8Array>, onTrailing: (bytes: number) => void): void {
  let bytes = 0;
  let isPadding = true;
  for (const piece of pieces) {
    bytes += piece.length;
    isPadding &&= piece.every((byte) => byte === 0);
  }
  if (!isPadding) onTrailing(bytes);
}

function* restOf(file: PieceQueue): Generator<Uint8Array> {
  for (let piece = file.takePiece(); piece !== undefined; piece = file.takePiece()) yield piece;
}

/** Decompresses one member after another, dropping the first `skipBytes` of output. */
async function* gunzipMembers(
  pieces: Generator<Uint8Array, void>,
  skipBytes: number,
  onTrailing: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const file = new PieceQueue(pieces);
  let toSkip = skipBytes;
  try {
    for (let isFirst = true; isFirst || !file.isAtEnd(); isFirst = false) {
      if (!isFirst && !beginsMember(file)) {
        tellTrailing(restOf(file), onTrailing);
        return;
      }
      readHeader(file);
      let checksum = 0;
      let length = 0;
      for await (const piece of inflateMember(file)) {
        checksum = crc32(piece, checksum);
        length = (length + piece.length) % 2 ** 32;
        const skipped = Math.min(toSkip, piece.length);
        toSkip -= skipped;
        if (skipped < piece.length) yield piece.subarray(skipped);
      }
      const trailer = file.take(8);
      if (trailer.readUInt32LE(0) !== checksum) throw new Error("a checksum is wrong");
      if (trailer.readUInt32LE(4) !== length) throw new Error("a length is wrong");
    }
  } finally {
    pieces.return();
  }
}

/** A single byte may be a truncated member. */
function beginsMember(file: PieceQueue): boolean {
  const magic = file.peek(2);
  return magic[0] === 0x1f && (magic.length === 1 || magic[1] === 0x8b);
}

/** RFC 1952, section 2.3. */
function readHeader(file: PieceQueue): void {
  const fixed = file.take(10);
  if (fixed.readUInt16BE(0) !== 0x1f8b) throw new Error("it does not begin like gzip data");
  if (fixed[2] !== 8) throw new Error(`it is compressed by the unknown method ${fixed[2]}`);
  const flags = fixed[3] ?? 0;
  if ((flags & 0xe0) !== 0) throw new Error("a header has unknown flags");
  let checksum = crc32(fixed);
  const take = (bytes: number): Buffer => {
    const taken = file.take(bytes);
    checksum = crc32(taken, checksum);
    return taken;
  };
  if ((flags & 0x04) !== 0) take(take(2).readUInt16LE());
  // A name and a comment, each terminated by a zero byte.
  for (const flag of [0x08, 0x10]) if ((flags & flag) !== 0) while (take(1)[0] !== 0);
  const expected = checksum & 0xffff;
  if ((flags & 0x02) !== 0 && file.take(2).readUInt16LE() !== expected) throw new Error("a header checksum is wrong");
}

/** Yields the contents of a member, and leaves the file at the member's trailer. */
async function* inflateMember(file: PieceQueue): AsyncGenerator<Uint8Array> {
  const inflating = createInflateRaw({ chunkSize: decompressedPieceBytes });
  let isOver = false;
  /** The pieces that may not be used up yet, and where in the deflated data they begin. */
  const given: Uint8Array[] = [];
  let givenFrom = 0;
  const dropUsed = () => {
    for (let first = given[0]; first !== undefined; first = given[0]) {
      if (givenFrom + first.length > inflating.bytesWritten) return;
      givenFrom += first.length;
      given.shift();
    }
  };
  const pieces = function* () {
    for (let piece = file.takePiece(); piece !== undefined; piece = isOver ? undefined : file.takePiece()) {
      dropUsed();
      given.push(piece);
      yield piece;
    }
  };
  pipeline(Readable.from(pieces()), inflating, () => undefined);
  for await (const piece of inflating as AsyncIterable<Uint8Array>) yield piece;
  isOver = true;
  dropUsed();
  file.putBack(Buffer.concat(given).subarray(inflating.bytesWritten - givenFrom));
}
