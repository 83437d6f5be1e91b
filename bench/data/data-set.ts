import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";

/** Input files `*.txt` that can be made again, with the same bytes each time. */
export interface DataSet {
  /** The name of its directory; different content needs a different name. */
  readonly name: string;
  /** A description for readers of the results. */
  readonly about: string;
  /** Writes the files into an empty directory. */
  make(directory: string, signal: AbortSignal): Promise<void>;
}

/** Makes the data set in `root` unless it exists; returns its directory and whether it had to be made. */
export async function provide(
  set: DataSet,
  root: string,
  signal: AbortSignal,
): Promise<{ directory: string; made: boolean }> {
  const directory = join(root, set.name);
  if (existsSync(directory)) return { directory, made: false };
  // Renamed when complete, so that an interrupted run never leaves a partial set that looks whole.
  const unfinished = `${directory}.${process.pid}.tmp`;
  try {
    await mkdir(unfinished, { recursive: true });
    await set.make(unfinished, signal);
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return { directory, made: true };
}

/**
 * Writes `prefix-1.txt`, `prefix-2.txt`, ..., one from the blocks of each part. A block may be reused once the next is
 * requested.
 */
export async function writeParts(
  directory: string,
  prefix: string,
  parts: Iterable<Iterable<Uint8Array>>,
  signal: AbortSignal,
): Promise<void> {
  let number = 0;
  for (const blocks of parts) {
    const file = await open(join(directory, `${prefix}-${String(++number).padStart(4, "0")}.txt`), "wx");
    try {
      for (const block of blocks) {
        signal.throwIfAborted();
        await file.appendFile(block);
      }
    } finally {
      await file.close();
    }
  }
}
