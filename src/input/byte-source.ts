import type { Split } from "../model/split.js";
import { headBytes, notText } from "./binary-format.js";
import { Bzip2Offsets } from "./bzip2-offsets.js";
import { contentOf } from "./content.js";
import { piecesOf } from "./file-pieces.js";
import { InputHandle, type Warn } from "./input-handle.js";
import { linesOfSplit } from "./line-start.js";
import { linesOfRange, type ContentRange } from "./lines-of-range.js";
import { beginsWithUtf8Mark, utf8Mark } from "./text-encoding.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

/**
 * The bytes of a split, in order. A file is read synchronously, directly into the caller's buffer. Decompressed data
 * arrives through promises, which are created only a few times per megabyte.
 */
export interface ByteSource {
  /** The offset of the first byte in the file, after decompression and conversion to UTF-8. */
  readonly start: number;
  /**
   * The reported offset of a record that begins with the first byte: `start`, or the offset of a byte order mark before it.
   */
  readonly firstOffset: number;
  /** The number of bytes; undefined when not known in advance. */
  readonly length: number | undefined;
  /** Whether the source is a whole file rather than some of its lines. */
  readonly isWholeFile: boolean;
  /** Translates the places of its bytes into offsets in the file; undefined when they are the same. */
  readonly offsets?: Bzip2Offsets | undefined;
  /** Reads bytes into the buffer, from `at` to its end at most. Returns how many; 0 at the end. */
  read(into: Buffer, at: number): number | Promise<number>;
  /** Closes the source; call it once, in any state. Throws a ChangedInputError when the file has changed. */
  close(): void | Promise<void>;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The lines that begin in a split, which is the whole file when it is not cut. For a split with `contents`, see
 * `linesOfContents`. Throws the errors of opening the file.
 */
export function linesIn(split: Split, warn?: Warn): ByteSource {
  if (!isStoredAsRead(split)) return convertedFile(split, true, warn);
  return new BytesOfFile(new InputHandle(split, warn), (handle) => linesOfSplit(handle, split));
}

/**
 * The lines that begin in a range of the contents of a compressed file. Decompresses the file up to the first of them.
 * Only the last range warns of the file, since it alone reads the file to the end. Throws the errors of reading the file.
 */
export async function linesOfContents(split: Split, range: ContentRange, warn?: Warn): Promise<ByteSource> {
  let start = range.startBytes;
  const contents = piecesOf(split, range.endBytes === undefined ? warn : undefined, true);
  const lines = linesOfRange(contents, range, (place) => (start = place));
  const first = await lines.next();
  return new ConvertedFile(lines, { start, isWholeFile: false, read: first.done === true ? undefined : first.value });
}

/**
 * A whole file. Throws the errors of opening it; with `refusesBinary`, also an UnreadableInputError when the file, or
 * its decompressed contents, is not text.
 */
export function wholeFile(split: Split, refusesBinary: boolean, warn?: Warn): ByteSource {
  if (!isStoredAsRead(split)) return convertedFile(split, refusesBinary, warn);
  return new BytesOfFile(new InputHandle(split, warn), (handle) => {
    const { binary } = refusesBinary ? contentOf(handle.head(headBytes)) : {};
    if (binary !== undefined) throw new UnreadableInputError(notText(split.file, binary));
    return { start: 0, end: handle.sizeBytes };
  });
}

/** Whether the places of its bytes are those in the file. */
export function isStoredAsRead({ compression, encoding }: Split): boolean {
  return compression === undefined && encoding === undefined;
}

/** Bytes that were stored apart from their file, where they begin at `offset`. */
export function keptBytes(bytes: Uint8Array, offset: number): ByteSource {
  const markBytes = offset === 0 && beginsWithUtf8Mark(bytes) ? utf8Mark.length : 0;
  let rest = bytes.subarray(markBytes);
  return {
    start: offset + markBytes,
    firstOffset: offset,
    length: rest.length,
    isWholeFile: false,
    read(into, at) {
      const handed = rest.subarray(0, into.length - at);
      into.set(handed, at);
      rest = rest.subarray(handed.length);
      return handed.length;
    },
    close: () => undefined,
  };
}

/** The raw bytes of a file, without the byte order mark of UTF-8. */
class BytesOfFile implements ByteSource {
  readonly #handle: InputHandle;
  readonly #end: number;
  #position: number;
  readonly start: number;
  readonly firstOffset: number;
  readonly length: number;
  readonly isWholeFile: boolean;

  constructor(handle: InputHandle, rangeIn: (handle: InputHandle) => Range) {
    this.#handle = handle;
    try {
      const { start, end } = rangeIn(handle);
      const isMarked = start === 0 && end > 0 && beginsWithUtf8Mark(handle.head(utf8Mark.length));
      this.firstOffset = start;
      this.start = isMarked ? utf8Mark.length : start;
      this.length = end - this.start;
      this.isWholeFile = start === 0 && end >= handle.sizeBytes;
      this.#position = this.start;
      this.#end = end;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  read(into: Buffer, at: number): number {
    const wanted = Math.min(into.length - at, this.#end - this.#position);
    if (wanted <= 0) return 0;
    const bytes = this.#handle.read(into, at, wanted, this.#position);
    this.#position += bytes;
    return bytes;
  }

  close(): void {
    this.#handle.close();
  }
}

/** A whole file that must be decompressed, or converted to UTF-8, or some blocks of a bzip2 file. */
function convertedFile(split: Split, refusesBinary: boolean, warn: Warn | undefined): ByteSource {
  const { compression, blocks } = split;
  const offsets = compression === "bzip2" ? new Bzip2Offsets(blocks?.number) : undefined;
  const pieces = piecesOf(split, warn, refusesBinary, offsets);
  return new ConvertedFile(pieces, { start: offsets?.first ?? 0, isWholeFile: blocks === undefined, offsets });
}

/** The bytes of a file that is decompressed, or converted to UTF-8, as they arrive. */
class ConvertedFile implements ByteSource {
  readonly #pieces: AsyncGenerator<Uint8Array>;
  /** The bytes not yet read by the caller. */
  #rest: Uint8Array;
  readonly start: number;
  readonly firstOffset: number;
  readonly length = undefined;
  readonly isWholeFile: boolean;
  readonly offsets: Bzip2Offsets | undefined;

  /** `read` is what was already read of `pieces`. */
  constructor(
    pieces: AsyncGenerator<Uint8Array>,
    {
      start,
      isWholeFile,
      offsets,
      read = new Uint8Array(0),
    }: Pick<ByteSource, "start" | "isWholeFile" | "offsets"> & { readonly read?: Uint8Array | undefined },
  ) {
    this.#pieces = pieces;
    this.#rest = read;
    this.start = start;
    this.firstOffset = start;
    this.isWholeFile = isWholeFile;
    this.offsets = offsets;
  }

  read(into: Buffer, at: number): number | Promise<number> {
    return this.#rest.length > 0 ? this.#hand(into, at) : this.#readOn(into, at);
  }

  async close(): Promise<void> {
    await this.#pieces.return(undefined);
  }

  async #readOn(into: Buffer, at: number): Promise<number> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return 0;
      this.#rest = next.value;
    }
    return this.#hand(into, at);
  }

  #hand(into: Buffer, at: number): number {
    const bytes = Math.min(this.#rest.length, into.length - at);
    into.set(this.#rest.subarray(0, bytes), at);
    this.#rest = this.#rest.subarray(bytes);
    return bytes;
  }
}
