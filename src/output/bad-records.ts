/**
 * The records that a job skipped, with the error of each (paper section 4.6): `mr-bad-records.jsonl`, JSON Lines.
 *
 *     {"file":"a.log","path":"/data/a.log","offset":1200,"endOffset":1238,"input":"lines","text":"…\n",
 *      "error":{"message":"Error: no date","stack":"…"},"task":3}
 *
 * A record appears as it is in its file, including the line ending: as `text` if it is UTF-8, otherwise as `base64`.
 * For a very long record, and an unreadable one, the bytes are `"in the file"`. So are the records of an
 * app that reads its own files: their place is a number, which only the app can interpret.
 */
import { isUtf8 } from "node:buffer";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { badRecord, type BadRecord } from "../model/bad-record.js";
import { linesIn } from "../input/byte-source.js";
import { InputError } from "../input/input-error.js";
import { LineReader } from "../input/line-readers.js";
import { PlaceReader } from "../input/place-reader.js";
import { badRecordsName, stagedName, temporaryBadRecordsName } from "./names.js";
import { commitFile, StagedFile } from "../storage/staged-file.js";

/** A longer record is not copied. */
const keptBytesMax = 16 * 1024 * 1024;

const inTheFile = "in the file";
const line = v.union([
  v.strictObject({ ...badRecord.entries, text: v.string() }),
  v.strictObject({ ...badRecord.entries, base64: v.string() }),
  v.strictObject({ ...badRecord.entries, bytes: v.literal(inTheFile) }),
]);
type Line = v.InferOutput<typeof line>;

/** A skipped record, and its contents. */
export interface KeptRecord extends BadRecord {
  /** Returns all its bytes. Rejects with an InputError when they are in the input file and that file has changed. */
  read(): Promise<Buffer>;
}

/**
 * Writes the file of bad records, if there are any, into the job's directory under its staged name; returns how many.
 */
export async function writeBadRecords(
  directory: string,
  jobId: string,
  records: readonly BadRecord[],
): Promise<number> {
  if (records.length === 0) return 0;
  const temporaryPath = join(directory, temporaryBadRecordsName(jobId));
  // Left by a coordinator that was killed here and whose job was resumed.
  rmSync(temporaryPath, { force: true });
  const file = StagedFile.create(temporaryPath);
  const places = new PlaceReader();
  try {
    for (const record of records) file.append(`${JSON.stringify(await withBytes(record, places))}\n`);
    commitFile(file.finish().path, join(directory, stagedName(jobId, badRecordsName)));
  } catch (error) {
    file.discard();
    throw error;
  } finally {
    await places.close();
  }
  return records.length;
}

/** Reads a file of bad records, one at a time. Throws an InputError that names the first invalid line. */
export function* readBadRecords(path: string): Generator<KeptRecord> {
  const all = { file: path, path, startBytes: 0, endBytes: statSync(path).size };
  const reader = new LineReader(linesIn(all));
  try {
    for (let number = 1; reader.next() === true; number += 1) {
      const record = parse(reader.value);
      if (record === undefined) throw new InputError(`${path}: line ${number} is damaged: it is not a bad record`);
      yield record;
    }
  } finally {
    void reader.close();
  }
}

async function withBytes(record: BadRecord, places: PlaceReader): Promise<Line> {
  const { error, task, ...where } = record;
  const isLong = record.endOffset - record.offset > keptBytesMax;
  const what =
    isLong || record.input === "own" ? undefined : await places.read(record, record.offset, record.endOffset);
  if (what === undefined) return { ...where, bytes: inTheFile, error, task };
  if (isUtf8(what)) return { ...where, text: what.toString("utf8"), error, task };
  return { ...where, base64: what.toString("base64"), error, task };
}

function parse(text: string): KeptRecord | undefined {
  const parsed = v.safeParse(line, jsonOf(text));
  if (!parsed.success) return undefined;
  const record = parsed.output;
  if ("bytes" in record) return { ...record, read: () => fromTheFile(record) };
  const kept = "text" in record ? Buffer.from(record.text) : Buffer.from(record.base64, "base64");
  const isWhole = kept.length === record.endOffset - record.offset;
  return isWhole ? { ...record, read: () => Promise.resolve(kept) } : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function fromTheFile(record: BadRecord): Promise<Buffer> {
  const { path, offset, endOffset } = record;
  const places = new PlaceReader();
  try {
    const bytes = await places.read(record, offset, endOffset);
    if (bytes !== undefined) return bytes;
  } finally {
    await places.close();
  }
  throw new InputError(`cannot read the bytes from ${offset} to ${endOffset} of ${path}: it has changed since the job`);
}
