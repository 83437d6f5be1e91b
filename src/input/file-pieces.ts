import { closeSync, openSync, readSync } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Split } from "../rpc/protocol.js";
import { UnreadableInputError } from "./unreadable-input-error.js";
import { UnsupportedInputError } from "./unsupported-input-error.js";

const pieceBytes = 64 * 1024;
/** With Node's own 16 KiB decompression takes four times as long. */
const decompressedPieceBytes = 256 * 1024;

/**
 * All bytes of a file from its beginning, in pieces, decompressed if it is compressed. Throws an UnreadableInputError when
 * it cannot be decompressed, and what reading throws. The file is closed when the generator has ended.
 */
export async function* piecesOf({
  file,
  path,
  compression,
}: Pick<Split, "file" | "path" | "compression">): AsyncGenerator<Uint8Array> {
  const stored = storedPieces(path);
  try {
    if (compression === undefined) yield* stored;
    else yield* compression === "gzip" ? gunzip(stored) : (await import("./zstd.js")).unzstd(stored);
  } catch (error) {
    // The system's errors have another number, and are not about what is in the file.
    if (compression === undefined || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    const why = (error as Error).message;
    const help = error instanceof UnsupportedInputError ? "" : ` (is it damaged, or cut off? ${compression} -t tells)`;
    throw new UnreadableInputError(`${file} cannot be decompressed: ${why}${help}`, { cause: error });
  } finally {
    stored.return();
  }
}

/** Several members, one after the other, are one file, as for `gzip -d`. */
async function* gunzip(stored: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decompressing = createGunzip({ chunkSize: decompressedPieceBytes });
  // An error comes out where the pieces do.
  pipeline(Readable.from(stored), decompressing, () => undefined);
  for await (const piece of decompressing) yield piece as Uint8Array;
}

function* storedPieces(path: string): Generator<Uint8Array, void> {
  const descriptor = openSync(path, "r");
  try {
    for (;;) {
      const piece = Buffer.allocUnsafeSlow(pieceBytes);
      const bytes = readSync(descriptor, piece, 0, pieceBytes, null);
      if (bytes === 0) return;
      yield piece.subarray(0, bytes);
    }
  } finally {
    closeSync(descriptor);
  }
}
