import { placedPiecesOf, type PlacedPiece } from "./file-pieces.js";
import { InputHandle, type InputPlace } from "./input-handle.js";

const nothing: PlacedPiece = { offset: 0, bytes: new Uint8Array(0) };

/**
 * Rereads places of files. Ask for the places of a compressed file in order: then it is decompressed once for all of
 * them; an earlier place makes it start over.
 */
export class PlaceReader {
  #path = "";
  #pieces: AsyncGenerator<PlacedPiece> | undefined;
  /** The most recently decompressed bytes. */
  #piece = nothing;

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
    if (this.#pieces === undefined || this.#path !== file.path || offset < this.#piece.offset) {
      await this.close();
      this.#path = file.path;
      this.#pieces = placedPiecesOf(file);
      this.#piece = nothing;
    }
    const found: Uint8Array[] = [];
    for (let missing = endOffset - offset; missing > 0;) {
      // After the piece with the beginning, the others follow: the blocks of a bzip2 file have offsets of their own.
      const start = found.length > 0 ? 0 : offset - this.#piece.offset;
      if (start < 0) break;
      const piece = this.#piece.bytes.subarray(start, start + missing);
      if (piece.length > 0) found.push(piece);
      missing -= piece.length;
      // The rest of this piece may belong to the next place.
      if (missing === 0) break;
      const next = await this.#pieces.next();
      if (next.done === true) break;
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
