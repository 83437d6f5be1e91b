import type { Split } from "../rpc/protocol.js";
import { headBytes, notText } from "./binary-format.js";
import { contentOf } from "./content.js";
import { piecesOf } from "./file-pieces.js";
import { InputHandle, type Warn } from "./input-handle.js";
import { linesOfSplit } from "./line-start.js";
import { beginsWithUtf8Mark, utf8Mark } from "./text-encoding.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

/**
 * The bytes of a split, in order. A file is read synchronously, into the place where its bytes are wanted; what has to be
 * decompressed comes by promises, which are made a few times a megabyte.
 */
export interface ByteSource {
  /** Where in the file, as it is when decompressed and in UTF-8, the first byte is. */
  readonly start: number;
  /** Where a record that begins with the first byte is said to begin: at `start`, or at a byte order mark before it. */
  readonly firstOffset: number;
  /** How many bytes there are; undefined when that is not known before. */
  readonly length: number | undefined;
  /** Whether it is all of a file, and not some of its lines. */
  readonly isWholeFile: boolean;
  /** Puts some bytes into the buffer, from `at` on as far as it goes, and says how many; 0 at the end. */
  read(into: Buffer, at: number): number | Promise<number>;
  /** To be called once, in any state. Throws a ChangedInputError when the file is not what it was. */
  close(): void | Promise<void>;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The lines that begin in a split, which is all of the file when it is not cut. Throws what opening throws. */
export function linesIn(split: Split, warn?: Warn): ByteSource {
  if (!isStoredAsRead(split)) return new ConvertedFile(split, true, warn);
  return new BytesOfFile(new InputHandle(split, warn), (handle) => linesOfSplit(handle, split));
}

/**
 * All of a file. Throws what opening throws; with `refusesBinary`, an UnreadableInputError when the file is not text, or
 * holds compressed data that is not.
 */
export function wholeFile(split: Split, refusesBinary: boolean, warn?: Warn): ByteSource {
  if (!isStoredAsRead(split)) return new ConvertedFile(split, refusesBinary, warn);
  return new BytesOfFile(new InputHandle(split, warn), (handle) => {
    const { binary } = refusesBinary ? contentOf(handle.head(headBytes)) : {};
    if (binary !== undefined) throw new UnreadableInputError(notText(split.file, binary));
    return { start: 0, end: handle.sizeBytes };
  });
}

function isStoredAsRead({ compression, encoding }: Split): boolean {
  return compression === undefined && encoding === undefined;
}

/** Bytes that were kept apart from their file, in which they begin at `offset`. */
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

/** The bytes of a file as they are, without the byte order mark of UTF-8. */
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

/** A file that has to be decompressed, or decoded to UTF-8. */
class ConvertedFile implements ByteSource {
  readonly #pieces: AsyncGenerator<Uint8Array>;
  /** What is not handed out yet. */
  #rest: Uint8Array = new Uint8Array(0);
  readonly start = 0;
  readonly firstOffset = 0;
  readonly length = undefined;
  readonly isWholeFile = true;

  constructor(split: Split, refusesBinary: boolean, warn: Warn | undefined) {
    this.#pieces = piecesOf(split, warn, refusesBinary);
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
