import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError } from "../../input/input-error.js";

/** An output file to read. */
export interface OutputSource {
  readonly path: string;
  /** Its length as the job wrote it. */
  readonly bytes: number;
  readonly isCompressed: boolean;
}

/**
 * Yields the contents of an output file, uncompressed, in blocks of about `blockBytes`, each in its own memory. Reopens
 * the file for each block: there may be more files than a process may have open.
 *
 * Throws an InputError when the file has changed since the job wrote it.
 */
export async function* outputBlocks(source: OutputSource, blockBytes: number): AsyncGenerator<Buffer> {
  const stored = storedBlocks(source, blockBytes);
  if (!source.isCompressed) {
    yield* stored;
    return;
  }
  const gunzip = createGunzip({ chunkSize: blockBytes });
  // Errors surface where the result is read.
  pipeline(Readable.from(stored, { objectMode: true, highWaterMark: 1 }), gunzip, () => undefined);
  try {
    for await (const block of gunzip) yield block as Buffer;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw changed(source, (error as Error).message, error);
  }
}

function* storedBlocks(source: OutputSource, blockBytes: number): Generator<Buffer> {
  let inode: number | undefined;
  for (let position = 0; position < source.bytes;) {
    const block = Buffer.allocUnsafeSlow(Math.min(blockBytes, source.bytes - position));
    const descriptor = open(source);
    let length: number;
    try {
      const stats = fstatSync(descriptor);
      inode ??= stats.ino;
      if (stats.size !== source.bytes || stats.ino !== inode) throw changed(source, "it was changed or replaced");
      length = readSync(descriptor, block, 0, block.length, position);
    } finally {
      closeSync(descriptor);
    }
    if (length === 0) throw changed(source, "it has become shorter");
    position += length;
    yield block.subarray(0, length);
  }
}

function open(source: OutputSource): number {
  try {
    return openSync(source.path, "r");
  } catch (error) {
    throw changed(source, (error as NodeJS.ErrnoException).code === "ENOENT" ? "it is gone" : String(error), error);
  }
}

function changed({ path }: OutputSource, what: string, cause?: unknown): InputError {
  return new InputError(`${path} is not what the job wrote: ${what}; see mr verify`, { cause });
}
