import type { Split } from "../rpc/protocol.js";
import { piecesOf } from "./file-pieces.js";
import { InputHandle, type Warn } from "./input-handle.js";
import { linesOfSplit } from "./line-start.js";

/**
 * The bytes of a split, in order. A file is read synchronously, into the place where its bytes are wanted; what has to be
 * decompressed comes by promises, which are made a few times a megabyte.
 */
export interface ByteSource {
  /** Where in the file, as it is when decompressed, the first byte is. */
  readonly start: number;
  /** How many bytes there are; undefined when that is not known before. */
  readonly length: number | undefined;
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
  if (split.compression !== undefined) return new DecompressedFile(split, warn);
  return new BytesOfFile(new InputHandle(split, warn), (handle) => linesOfSplit(handle, split));
}

/** All of a file. Throws what opening throws. */
export function wholeFile(split: Split, warn?: Warn): ByteSource {
  if (split.compression !== undefined) return new DecompressedFile(split, warn);
  return new BytesOfFile(new InputHandle(split, warn), ({ sizeBytes }) => ({ start: 0, end: sizeBytes }));
}

/** Bytes that were kept apart from their file, in which they begin at `start`. */
export function keptBytes(bytes: Uint8Array, start: number): ByteSource {
  let rest = bytes;
  return {
    start,
    length: bytes.length,
    read(into, at) {
      const handed = rest.subarray(0, into.length - at);
      into.set(handed, at);
      rest = rest.subarray(handed.length);
      return handed.length;
    },
    close: () => undefined,
  };
}

class BytesOfFile implements ByteSource {
  readonly #handle: InputHandle;
  readonly #end: number;
  #position: number;
  readonly start: number;
  readonly length: number;

  constructor(handle: InputHandle, rangeIn: (handle: InputHandle) => Range) {
    this.#handle = handle;
    try {
      const { start, end } = rangeIn(handle);
      this.start = start;
      this.length = end - start;
      this.#position = start;
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

class DecompressedFile implements ByteSource {
  readonly #pieces: AsyncGenerator<Uint8Array>;
  /** What is not handed out yet. */
  #rest: Uint8Array = new Uint8Array(0);
  readonly start = 0;
  readonly length = undefined;

  constructor(split: Split, warn: Warn | undefined) {
    this.#pieces = piecesOf(split, warn);
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
