import { piecesOf } from "./file-pieces.js";
import { InputHandle, type InputPlace } from "./input-handle.js";

/**
 * Rereads places of files. Ask for the places of a compressed file in order: then it is decompressed once for all of
 * them; an earlier place makes it start over.
 */
export class PlaceReader {
  #path = "";
  #pieces: AsyncGenerator<Uint8Array> | undefined;
  /** The most recently decompressed bytes, and their place. */
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** The bytes of a place; undefined when they are unreadable because the file was removed or cut. */
  async read(file: InputPlace, offset: number, endOffset: number): Promise<Buffer | undefined> {
    try {
      const bytes =
        file.compression === undefined && file.encoding === undefined
          ? readStored(file, offset, endOffset)
          : await this.#decompress(file, offset, endOffset);
      return bytes.length === endOffset - offset ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#pieces?.return(undefined);
    this.#pieces = undefined;
  }

  async #decompress(file: InputPlace, offset: number, endOffset: number): Promise<Buffer> {
    if (this.#pieces === undefined || this.#path !== file.path || offset < this.#at) {
      await this.close();
      this.#path = file.path;
      this.#pieces = piecesOf(file);
      this.#piece = new Uint8Array(0);
      this.#at = 0;
    }
    const found: Uint8Array[] = [];
    for (;;) {
      const piece = this.#piece.subarray(Math.max(0, offset - this.#at), Math.max(0, endOffset - this.#at));
      if (piece.length > 0) found.push(piece);
      // The rest of this piece may belong to the next place.
      if (endOffset <= this.#at + this.#piece.length) break;
      const next = await this.#pieces.next();
      if (next.done === true) break;
      this.#at += this.#piece.length;
      this.#piece = next.value;
    }
    return Buffer.concat(found);
  }
}

function readStored(file: InputPlace, offset: number, endOffset: number): Buffer {
  const handle = new InputHandle(file);
  try {
    const bytes = Buffer.allocUnsafeSlow(endOffset - offset);
    let filled = 0;
    while (filled < bytes.length) {
      const read = handle.read(bytes, filled, bytes.length - filled, offset + filled);
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  } finally {
    handle.close();
  }
}
