import { headBytes, notText } from "./binary-format.js";
import { Bzip2Offsets } from "./bzip2-offsets.js";
import { ChangedInputError } from "./changed-input-error.js";
import { contentOf } from "./content.js";
import { InputHandle, type InputPlace, type Warn } from "./input-handle.js";
import { beginsWithUtf8Mark, decodedPieces, encodingName, encodingOf, utf8Mark } from "./text-encoding.js";
import { UnreadableInputError } from "./unreadable-input-error.js";
import { UnsupportedInputError } from "./unsupported-input-error.js";

const pieceBytes = 64 * 1024;

/**
 * Yields all bytes of a file in pieces, as its readers count them. A compressed or differently encoded file is
 * decompressed and converted to UTF-8, without a byte order mark. Any other file is unchanged, including its mark.
 *
 * Of a range of blocks, it yields the lines. `offsets` translates places in the bytes of a bzip2 file.
 *
 * Throws an UnreadableInputError when the file cannot be decompressed or decoded, and the errors of reading; with
 * `refusesBinary`, also when a compressed file contains something other than text. Closes the file when the generator
 * ends.
 */
export async function* piecesOf(
  file: InputPlace,
  warn: Warn = () => undefined,
  refusesBinary = false,
  offsets?: Bzip2Offsets,
): AsyncGenerator<Uint8Array> {
  const { compression, encoding, blocks } = file;
  const pieces = decompressedPieces(file, warn, offsets);
  if (blocks !== undefined && blocks.firstBit > 0) yield* pieces;
  else if (compression !== undefined) yield* textPieces(pieces, file, refusesBinary, offsets);
  else if (encoding !== undefined) yield* decodedPieces(pieces, encoding, file.file);
  else yield* pieces;
}

/**
 * Yields the bytes of a file for an app's own reader: decompressed, and otherwise unchanged except that the byte order
 * mark of UTF-8 is dropped. Text in another encoding causes a warning.
 */
export async function* bytePiecesOf(file: InputPlace, warn: Warn): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const piece of withHead(decompressedPieces(file, warn))) {
    const encoding = isFirst ? encodingOf(piece) : undefined;
    if (encoding !== undefined) {
      warn(
        `${file.file} begins with the byte order mark of ${encodingName(encoding)}, and readRecords receives its raw bytes`,
      );
    }
    const isMarked = isFirst && beginsWithUtf8Mark(piece);
    isFirst = false;
    yield isMarked ? piece.subarray(utf8Mark.length) : piece;
  }
}

/** The beginning of a file, decompressed and otherwise unchanged. */
export interface Beginning {
  readonly bytes: Buffer;
  /** Whether the file has no more. */
  readonly isAll: boolean;
  /** About how many stored bytes were read for it. */
  readonly storedBytes: number;
  /** What ended the reading too early, such as damage to a compressed file. */
  readonly error?: Error | undefined;
}

/** Reads the beginning of a file: at least `bytesMin`, if it has as many. Throws the errors of opening the file. */
export async function beginningOf(file: InputPlace, bytesMin: number): Promise<Beginning> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  let storedBytes = 0;
  const onRead = (end: number) => {
    storedBytes = Math.max(storedBytes, end);
  };
  const begun = (isAll: boolean, error?: Error) => ({ bytes: Buffer.concat(pieces), isAll, storedBytes, error });
  try {
    for await (const piece of decompressedPieces(file, () => undefined, undefined, onRead)) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= bytesMin) return begun(false);
    }
    return begun(true);
  } catch (error) {
    if (storedBytes === 0) throw error;
    return begun(false, error as Error);
  }
}

/** Bytes of a file, and their offset. */
export interface PlacedPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Yields what `piecesOf` yields of a whole file, with the offsets that its readers report. Throws the same errors. */
export async function* placedPiecesOf(file: InputPlace): AsyncGenerator<PlacedPiece> {
  const offsets = file.compression === "bzip2" ? new Bzip2Offsets() : undefined;
  let at = 0;
  for await (const piece of piecesOf({ ...file, blocks: undefined }, undefined, false, offsets)) {
    const end = at + piece.length;
    for (let from = at; at < end; from = at) {
      const blockEnd = offsets?.nextBlock(from) ?? Infinity;
      at = Math.min(end, blockEnd);
      yield {
        offset: offsets?.toFile(from) ?? from,
        bytes: piece.subarray(piece.length - (end - from), piece.length - (end - at)),
      };
    }
  }
}

/** Decompressed pieces as UTF-8 without a byte order mark. */
async function* textPieces(
  pieces: AsyncIterable<Uint8Array>,
  { file }: InputPlace,
  refusesBinary: boolean,
  offsets: Bzip2Offsets | undefined,
): AsyncGenerator<Uint8Array> {
  const all = withHead(pieces);
  try {
    const first = await all.next();
    if (first.done === true) return;
    const head = Buffer.from(first.value.buffer, first.value.byteOffset, first.value.length);
    const { binary, compression, encoding } = contentOf(head.subarray(0, headBytes));
    if (refusesBinary && binary !== undefined) throw new UnreadableInputError(notText(file, binary, true));
    if (refusesBinary && compression !== undefined) {
      throw new UnreadableInputError(
        `${file} is compressed twice: it contains ${compression} data; decompress it once before the job`,
      );
    }
    const unread = (async function* () {
      yield head;
      yield* all;
    })();
    if (encoding !== undefined) {
      offsets?.setPlain();
      yield* decodedPieces(unread, encoding, file);
      return;
    }
    const markBytes = beginsWithUtf8Mark(head) ? utf8Mark.length : 0;
    if (markBytes > 0) offsets?.dropMark(markBytes);
    yield head.subarray(markBytes);
    yield* all;
  } finally {
    await all.return(undefined);
  }
}

/** The same bytes, with a first piece long enough to recognise the contents. */
async function* withHead(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined;
  for await (const piece of pieces) {
    if (head === undefined || head.length < headBytes) {
      head = head === undefined ? piece : Buffer.concat([head, piece]);
      if (head.length >= headBytes) yield head;
    } else yield piece;
  }
  if (head !== undefined && head.length < headBytes) yield head;
}

async function* decompressedPieces(
  place: InputPlace,
  warn: Warn,
  offsets?: Bzip2Offsets,
  onRead?: (endBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const { file, compression, blocks } = place;
  const open = (from = 0) => storedPieces(handle, from, onRead);
  const onTrailing = (bytes: number) => {
    const what = `${bytes} ${bytes === 1 ? "byte" : "bytes"} after the end of its ${compression ?? ""} data`;
    warn(`${file}: ignored ${what}`);
  };
  const handle = new InputHandle(place, warn);
  try {
    if (compression === undefined) yield* open();
    else if (compression === "zstd") yield* (await import("./zstd.js")).unzstd(open());
    else if (compression === "xz") yield* (await import("./xz.js")).unxz(open(), file);
    else if (compression === "bzip2") {
      yield* (await import("./bzip2.js")).unbzip2({ open, onTrailing, offsets }, blocks);
    } else yield* (await import("./gzip.js")).gunzip(open, onTrailing);
  } catch (error) {
    // System errors have a different number, and do not concern the contents of the file.
    const isOfSystem = (error as NodeJS.ErrnoException).syscall !== undefined;
    if (compression === undefined || isOfSystem || error instanceof ChangedInputError) throw error;
    const why = (error as Error).message;
    const isTold = error instanceof UnsupportedInputError || error instanceof RangeError;
    const help = isTold ? "" : ` (is it damaged, or cut off? ${compression} -t tells)`;
    throw new UnreadableInputError(`${file} cannot be decompressed: ${why}${help}`, { cause: error });
  } finally {
    // If the file has changed, this throws that error instead.
    handle.close();
  }
}

/** The bytes of a file as they are stored. Calls `onRead` with the place behind the bytes that were read. */
export function* storedPieces(
  handle: InputHandle,
  from = 0,
  onRead?: (endBytes: number) => void,
): Generator<Uint8Array, void> {
  for (let position = from; ;) {
    const piece = Buffer.allocUnsafeSlow(pieceBytes);
    const bytes = handle.read(piece, 0, pieceBytes, position);
    if (bytes === 0) return;
    position += bytes;
    onRead?.(position);
    yield piece.subarray(0, bytes);
  }
}
