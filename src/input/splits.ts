import type { RecordKind } from "../model/input-kinds.js";
import type { Split } from "../model/split.js";
import { notText } from "./binary-format.js";
import { inputOf, type InputFile } from "./files.js";
import { InputError } from "./input-error.js";
import { wholeBytesMax } from "./whole-reader.js";

/** The maximum size of a split, unless a single line is longer (paper section 3.1: "typically 16 to 64 megabytes"). */
export const splitBytesDefault = 64 * 1024 * 1024;
const splitBytesMin = 1024 * 1024;
/**
 * With fewer, workers would be idle at the end. With more, keys that the splits share would be sorted, written and merged
 * more often.
 */
const splitsPerWorker = 2;

/** Such a file may be cut anywhere: the reader of a split finds the next line end (`line-start.ts`). */
export const kindsOfLines: readonly RecordKind[] = ["text", "lines", "jsonl", "pairs"];

/** Whether a file may be read from its middle. */
export function isCuttable(
  kind: RecordKind,
  { compression, encoding }: Pick<InputFile, "compression" | "encoding">,
): boolean {
  return kindsOfLines.includes(kind) && compression === undefined && encoding === undefined;
}

/**
 * Cuts the inputs into splits, one per map task (paper section 3.1), in the order in which they were given.
 *
 * Files of lines are cut into equal parts of at most `splitBytes`, regardless of line ends, so planning reads nothing.
 * Every other file is a single split: whole files, CSV (where a line end may be inside a row: `cutCsvFiles` cuts large
 * files afterwards), files for the app's own reader, and files that are compressed or not UTF-8, whose readers start at
 * the beginning (`cutBzip2Files` cuts large bzip2 files of lines afterwards). An empty file has no line or row, and so no split.
 *
 * Throws an InputError that names the file when an app would receive a whole file longer than a string can be. That
 * applies to `mapBytes`, too, although it needs no string: planning knows what an app receives, but not in which form.
 * The reader of a compressed file checks its length.
 *
 * Also throws an InputError for a file that is not text, unless the app may want bytes: `readRecords`, or `mapBytes` of
 * a whole file. There the file's reader decides.
 */
export function planSplits(inputs: readonly InputFile[], kind: RecordKind, splitBytes: number): Split[] {
  return inputs.flatMap((input) => {
    const { name, sizeBytes, compression, binary } = input;
    if (binary !== undefined && kind !== "file" && kind !== "own") throw new InputError(notText(name, binary));
    if (kind === "file" && compression === undefined && sizeBytes > wholeBytesMax) {
      throw new InputError(tooLong(name, sizeBytes));
    }
    if (isCuttable(kind, input)) return parts(input, Math.ceil(sizeBytes / splitBytes));
    return parts(input, kind === "csv" && sizeBytes === 0 ? 0 : 1);
  });
}

/** The split size when the user gives none: smaller when there would be too few splits to keep `workers` busy. */
export function splitBytesFor(inputs: readonly InputFile[], workers: number): number {
  const totalBytes = inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const fairShare = Math.ceil(totalBytes / (workers * splitsPerWorker));
  return Math.min(splitBytesDefault, Math.max(splitBytesMin, fairShare));
}

/** The length of a split in bytes. */
export function lengthOf({ startBytes, endBytes }: Split): number {
  return endBytes - startBytes;
}

function parts(input: InputFile, count: number): Split[] {
  const { name, path, compression, encoding, sizeBytes, modifiedMs, statusChangedMs, inode, edges } = input;
  return Array.from({ length: count }, (_, part) => ({
    file: name,
    path,
    ...inputOf(input),
    startBytes: Math.floor((sizeBytes / count) * part),
    endBytes: part === count - 1 ? sizeBytes : Math.floor((sizeBytes / count) * (part + 1)),
    ...(compression === undefined ? {} : { compression }),
    ...(encoding === undefined ? {} : { encoding }),
    planned: { sizeBytes, modifiedMs, statusChangedMs, inode, edges },
  }));
}

function tooLong(name: string, sizeBytes: number): string {
  return (
    `${name} has ${sizeBytes} bytes, more than an app can read whole (${wholeBytesMax}): ` +
    'let the app export input = "text" (or "lines") to read the file in splits'
  );
}
