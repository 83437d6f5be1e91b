/** The pieces of input that map tasks read, and the other files of a job. */
import * as v from "valibot";
import { compressions, encodings } from "./input-kinds.js";
import { checksum, count } from "./schemas.js";

/** Detects whether a file has changed: see `input/file-state.ts`. */
const fileState = {
  sizeBytes: count,
  /** When it was last modified, in milliseconds since 1970. */
  modifiedMs: v.number(),
  statusChangedMs: v.number(),
  inode: v.string(),
  /** CRC-32 of its beginning and its end. */
  edges: checksum,
};

/** A piece of an input file. A map task reads one, or several when small files share the task. */
export const split = v.strictObject({
  /** The file name as given on the command line, which `map` gets as its key. */
  file: v.string(),
  /** The path to open. */
  path: v.string(),
  /** The input of the app that the file was given for, if the app declares several. */
  input: v.optional(v.string()),
  /** First byte of the split. */
  startBytes: count,
  /** One past the last byte of the split. */
  endBytes: count,
  /**
   * The compression of the file, if any. Offsets are places in its decompressed contents; for bzip2, see
   * `input/bzip2-offsets.ts`. Such a file is a single split unless it has `contents` or `blocks`.
   */
  compression: v.optional(v.picklist(compressions)),
  /**
   * The split is the lines that begin in this range of the file's decompressed contents: see `input/content-splits.ts`.
   * Then `startBytes` and `endBytes` are estimates of where these lines are stored. Without `endBytes`, the range reaches
   * to the end of the contents.
   */
  contents: v.optional(v.strictObject({ startBytes: count, endBytes: v.optional(count) })),
  /** The blocks that begin in the split of a bzip2 file that is cut: see `BlockRange` in `input/bzip2.ts`. */
  blocks: v.optional(v.strictObject({ firstBit: count, number: count, endBit: v.optional(count) })),
  /** The encoding of a text that is not UTF-8. Such a file is a single split, too, with offsets into its UTF-8 form. */
  encoding: v.optional(v.picklist(encodings)),
  /** The state of the file when the job was planned, which it must still have; omitted for the engine's own files. */
  planned: v.optional(v.strictObject(fileState)),
});

export type Split = v.InferOutput<typeof split>;

/** A file that an app may read, with the state that shows whether it has changed. */
export const sharedFile = v.strictObject({
  /** The name that the app uses. */
  name: v.string(),
  /** Absolute. */
  path: v.string(),
  ...fileState,
});

export type SharedFile = v.InferOutput<typeof sharedFile>;

/** Where a record of a map task begins and ends: see `record-position.ts`. */
export const recordPlace = v.strictObject({ offset: count, endOffset: count });

export type RecordPlace = v.InferOutput<typeof recordPlace>;
