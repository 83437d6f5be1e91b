import { closeSync, openSync, readSync } from "node:fs";
import type { Split } from "../rpc/protocol.js";
import { UnreadableInputError } from "./unreadable-input-error.js";
import { UnsupportedInputError } from "./unsupported-input-error.js";

const pieceBytes = 64 * 1024;
/** Told what the user must hear of an input that is read all the same, in a sentence that names the file. */
export type Warn = (message: string) => void;

/**
 * All bytes of a file from its beginning, in pieces, decompressed if it is compressed. Throws an UnreadableInputError when
 * it cannot be decompressed, and what reading throws. The file is closed when the generator has ended.
 */
export async function* piecesOf(
  { file, path, compression }: Pick<Split, "file" | "path" | "compression">,
  warn: Warn = () => undefined,
): AsyncGenerator<Uint8Array> {
  try {
    if (compression === undefined) yield* storedPieces(path);
    else if (compression === "zstd") yield* (await import("./zstd.js")).unzstd(storedPieces(path));
    else {
      const { gunzip } = await import("./gzip.js");
      yield* gunzip(
        (from) => storedPieces(path, from),
        (bytes) => warn(`${file}: ignored ${bytes} ${bytes === 1 ? "byte" : "bytes"} after the end of its gzip data`),
      );
    }
  } catch (error) {
    // The system's errors have another number, and are not about what is in the file.
    if (compression === undefined || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    const why = (error as Error).message;
    const help = error instanceof UnsupportedInputError ? "" : ` (is it damaged, or cut off? ${compression} -t tells)`;
    throw new UnreadableInputError(`${file} cannot be decompressed: ${why}${help}`, { cause: error });
  }
}

function* storedPieces(path: string, from = 0): Generator<Uint8Array, void> {
  const descriptor = openSync(path, "r");
  try {
    for (let position = from; ;) {
      const piece = Buffer.allocUnsafeSlow(pieceBytes);
      const bytes = readSync(descriptor, piece, 0, pieceBytes, position);
      if (bytes === 0) return;
      position += bytes;
      yield piece.subarray(0, bytes);
    }
  } finally {
    closeSync(descriptor);
  }
}
