import * as v from "valibot";
import { compressions, encodings, recordKinds } from "./input-kinds.js";
import { count } from "./schemas.js";

/** A record that a job skipped, with its error (paper section 4.6). Its contents are elsewhere: see `output/bad-records.ts`. */
export const badRecord = v.strictObject({
  /** The name of the file, as given to the job. */
  file: v.string(),
  path: v.string(),
  /** Where the record begins and ends in the file, in bytes. */
  offset: count,
  endOffset: count,
  /** The kind of record. */
  input: v.picklist(recordKinds),
  /** The input of the app that the file was given for, if the app declares several. */
  inputName: v.optional(v.string()),
  /** The compression of the file, if any: then offsets refer to the decompressed data. */
  compression: v.optional(v.picklist(compressions)),
  /** The encoding of the file if it is not UTF-8: then offsets refer to its UTF-8 form. */
  encoding: v.optional(v.picklist(encodings)),
  /** The error that ended attempts at this record. */
  error: v.strictObject({ message: v.string(), stack: v.optional(v.string()) }),
  /** The number of its map task. */
  task: count,
});

export type BadRecord = v.InferOutput<typeof badRecord>;
