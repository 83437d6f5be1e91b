/**
 * Cuts large gzip and Zstandard files of lines into splits, each a range of the file's decompressed contents.
 *
 * Such a file can only be read from its beginning, so each map task decompresses everything before its range, too, and
 * drops it. Decompressing is some ten times as fast as mapping, so this pays while workers would otherwise be idle, and
 * only then.
 *
 * The length of the contents is unknown until all of them are decompressed. This module estimates it from the beginning
 * of the file. A wrong estimate makes ranges uneven or empty, but the ranges always divide all lines
 * (`lines-of-range.ts`), and the last one has no end. The task of the last range reads the whole file, and so detects
 * damage anywhere in it.
 */
import type { RecordKind } from "../model/input-kinds.js";
import type { Split } from "../model/split.js";
import { headBytes } from "./binary-format.js";
import { contentOf } from "./content.js";
import { beginningOf } from "./file-pieces.js";
import { InputHandle } from "./input-handle.js";
import type { ContentRange } from "./lines-of-range.js";
import { kindsOfLines, lengthOf } from "./splits.js";

/** How many tasks share a file at most: with more, the last ones would mostly decompress what they drop. */
const partsMax = 8;
/** Without a split size, contents of this length are one task. */
const partBytesDefault = 32 * 2 ** 20;
/** How much is decompressed for the estimate. A file with less is one task. */
const sampleBytes = 8 * 2 ** 20;
/** A smaller file is not worth the sample. */
const storedBytesMin = 512 * 1024;
/**
 * The length of each range relative to the one before it. Tasks of later ranges have more to drop, and all should end at
 * the same time. This is right for an app that takes nine times as long as decompression.
 */
const nextShare = 0.9;
/** How far the length in a gzip file may be from the estimate, relative to the estimate. */
const tolerance = 0.25;

/** How many map tasks may share compressed files. */
export interface ContentSharing {
  /** A file is worth as many of these tasks as its share of the input. */
  readonly tasks: number;
  /** About how many bytes of contents make a part. A file is not cut into more parts than its contents have. */
  readonly partBytes: number;
}

interface SharingGiven {
  /** Undefined when the command does not know. */
  readonly workers?: number | undefined;
  /** In bytes, if the user gave it. */
  readonly splitSize?: number | undefined;
}

/**
 * How map tasks share compressed files: as many as keep all workers busy. A split size that the user gave decides instead
 * of the number of workers, since the same size must give the same splits with any number. Undefined for a task per file.
 */
export function contentSharingFor({ workers = 1, splitSize }: SharingGiven): ContentSharing | undefined {
  if (splitSize !== undefined) return { tasks: partsMax, partBytes: splitSize };
  return workers === 1 ? undefined : { tasks: workers, partBytes: partBytesDefault };
}

export interface CutContentsOptions {
  readonly sharing: ContentSharing;
  /** The length of all inputs of the job. */
  readonly totalBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Cuts the gzip and Zstandard files among the splits. Files that are worth one task remain whole, and so do files that are
 * not lines of UTF-8, and unreadable files, which their map tasks report.
 *
 * Throws the reason of `signal` when it is aborted.
 */
export async function cutContents(
  splits: readonly Split[],
  kind: RecordKind,
  { sharing, totalBytes, signal }: CutContentsOptions,
): Promise<Split[]> {
  if (!kindsOfLines.includes(kind)) return [...splits];
  const cut: Split[] = [];
  for (const split of splits) {
    signal?.throwIfAborted();
    // With half a task more than a whole number, another part would leave the last worker half idle.
    const worth = Math.ceil((sharing.tasks * lengthOf(split)) / totalBytes - 0.5);
    const isCandidate = worth > 1 && lengthOf(split) >= storedBytesMin && (await isFastToDecompress(split));
    const bytes = isCandidate ? await contentBytesOf(split) : undefined;
    if (bytes === undefined) cut.push(split);
    else cut.push(...partsOf(split, bytes, Math.min(worth, partsMax, Math.ceil(bytes / sharing.partBytes))));
  }
  return cut;
}

async function isFastToDecompress({ compression }: Split): Promise<boolean> {
  if (compression === "zstd") return (await import("./zstd.js")).isNative;
  return compression === "gzip";
}

/** Estimates the length of the contents; undefined when they are short, or cannot be divided into lines anywhere. */
async function contentBytesOf(file: Split): Promise<number | undefined> {
  try {
    const { bytes, isAll, storedBytes, error } = await beginningOf(file, sampleBytes);
    const isText = Object.keys(contentOf(bytes.subarray(0, headBytes))).length === 0;
    // A line as long as the sample may be the whole file.
    if (isAll || error !== undefined || !isText || !bytes.includes("\n")) return undefined;
    const estimate = bytes.length * (lengthOf(file) / storedBytes);
    const stored = file.compression === "gzip" ? storedLength(file, estimate) : estimate;
    return Math.round(Math.abs(stored - estimate) <= tolerance * estimate ? stored : estimate);
  } catch {
    return undefined;
  }
}

/**
 * A gzip file ends with the length of its last member modulo 2^32. Of the lengths that this allows, returns the one
 * closest to the estimate. Throws the errors of reading the file.
 */
function storedLength(file: Split, estimate: number): number {
  const handle = new InputHandle(file);
  try {
    const trailer = Buffer.alloc(4);
    handle.read(trailer, 0, trailer.length, file.endBytes - trailer.length);
    const length = trailer.readUInt32LE();
    return length + Math.max(0, Math.round((estimate - length) / 2 ** 32)) * 2 ** 32;
  } finally {
    handle.close();
  }
}

function partsOf(file: Split, contentBytes: number, count: number): Split[] {
  if (count === 1) return [file];
  /** Where the range of that number begins, as a fraction of the whole. */
  const start = (n: number) => (1 - nextShare ** n) / (1 - nextShare ** count);
  return Array.from({ length: count }, (_, n) => {
    const isLast = n === count - 1;
    const startBytes = Math.round(start(n) * contentBytes);
    const contents: ContentRange = isLast
      ? { startBytes }
      : { startBytes, endBytes: Math.round(start(n + 1) * contentBytes) };
    return {
      ...file,
      startBytes: Math.floor(start(n) * file.endBytes),
      endBytes: isLast ? file.endBytes : Math.floor(start(n + 1) * file.endBytes),
      contents,
    };
  });
}
