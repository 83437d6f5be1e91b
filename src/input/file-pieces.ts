import { ChangedInputError } from "./changed-input-error.js";
import { InputHandle, type InputPlace, type Warn } from "./input-handle.js";
import { UnreadableInputError } from "./unreadable-input-error.js";
import { UnsupportedInputError } from "./unsupported-input-error.js";

const pieceBytes = 64 * 1024;

/**
 * All bytes of a file from its beginning, in pieces, decompressed if it is compressed. Throws an UnreadableInputError when
 * it cannot be decompressed, and what reading throws. The file is closed when the generator has ended.
 */
export async function* piecesOf(place: InputPlace, warn: Warn = () => undefined): AsyncGenerator<Uint8Array> {
  const { file, compression } = place;
  const handle = new InputHandle(place, warn);
  try {
    if (compression === undefined) yield* storedPieces(handle);
    else if (compression === "zstd") yield* (await import("./zstd.js")).unzstd(storedPieces(handle));
    else {
      const { gunzip } = await import("./gzip.js");
      yield* gunzip(
        (from) => storedPieces(handle, from),
        (bytes) => warn(`${file}: ignored ${bytes} ${bytes === 1 ? "byte" : "bytes"} after the end of its gzip data`),
      );
    }
  } catch (error) {
    // The system's errors have another number, and are not about what is in the file.
    const isOfSystem = (error as NodeJS.ErrnoException).syscall !== undefined;
    if (compression === undefined || isOfSystem || error instanceof ChangedInputError) throw error;
    const why = (error as Error).message;
    const help = error instanceof UnsupportedInputError ? "" : ` (is it damaged, or cut off? ${compression} -t tells)`;
    throw new UnreadableInputError(`${file} cannot be decompressed: ${why}${help}`, { cause: error });
  } finally {
    // When the file was changed, that is the error.
    handle.close();
  }
}

function* storedPieces(handle: InputHandle, from = 0): Generator<Uint8Array, void> {
  for (let position = from; ;) {
    const piece = Buffer.allocUnsafeSlow(pieceBytes);
    const bytes = handle.read(piece, 0, pieceBytes, position);
    if (bytes === 0) return;
    position += bytes;
    yield piece.subarray(0, bytes);
  }
}
