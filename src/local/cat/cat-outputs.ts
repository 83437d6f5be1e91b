/**
 * `mr cat`: the output files of a job as one stream on standard output. It requires the manifest, so that it never
 * passes off part of a result as the whole, and knows what the files contain.
 */
import { join } from "node:path";
import { InputError } from "../../input/input-error.js";
import { readManifest, requireStillThere, type Manifest } from "../../output/manifest.js";
import type { RecordLayout } from "../../output/output-format.js";
import { recordFormat } from "../../output/record-format.js";
import { MergeHeap } from "../../shuffle/collect/merge-heap.js";
import { outputBlocks, type OutputSource } from "./output-blocks.js";
import { RecordCutter } from "./record-cutter.js";
import { recordFields, type RecordFields } from "./record-fields.js";
import { StandardOutput } from "./standard-output.js";
import { TopRecords, type Top } from "./top-records.js";

/** The memory limit for blocks read ahead, unless there are too many files for it. */
const aheadBytesMax = 64 * 1024 * 1024;
const [blockBytesMin, blockBytesMax] = [16 * 1024, 256 * 1024];

/**
 * Writes the output of the job in that directory, or only its top records. Returns early when the reader has gone.
 * Throws an InputError when there is no output of a finished job, the output has changed, or its records cannot be
 * ordered.
 */
export async function catOutputs(directory: string, top: Top | undefined): Promise<void> {
  const manifest = readManifest(directory);
  const { options, outputs } = manifest;
  const files = outputs.map(({ name, bytes }): OutputSource => {
    return { path: join(directory, name), bytes, isCompressed: options.compress === "gz" };
  });
  const out = new StandardOutput();
  const { outputFormat: format, columns, values } = options;
  if (format === "app") {
    if (top !== undefined) throw new InputError("the output is in the app's own format: --top cannot read it");
    await concatenate(files, out);
  } else {
    await writeRecords(files, { format, columns, values }, { directory, manifest, top }, out);
  }
  await out.flush();
  if (!out.isClosed) requireStillThere(directory, manifest);
}

async function concatenate(sources: readonly OutputSource[], out: StandardOutput): Promise<void> {
  for (const source of sources) {
    for await (const block of outputBlocks(source, blockBytesMax)) {
      await out.writeRaw(block);
      if (out.isClosed) return;
    }
  }
}

interface Wanted {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly top: Top | undefined;
}

async function writeRecords(
  files: readonly OutputSource[],
  layout: RecordLayout,
  wanted: Wanted,
  out: StandardOutput,
): Promise<void> {
  const { options } = wanted.manifest;
  if (wanted.top !== undefined) requireTop(layout, wanted.top);
  const open = opener(layout, files.length);
  // Reading the files one after another gives the order of the keys, or there is no order to keep.
  const isInOrder = options.reducers <= 1 || options.partitioner === "range" || layout.values === true;
  const fields = wanted.top === undefined && isInOrder ? [] : fieldsOfEach(layout, wanted);
  if (files.length > 0) await out.flush(Buffer.from(recordFormat(layout).header));
  try {
    if (wanted.top !== undefined) await writeTop(withFields(files, fields), open, new TopRecords(wanted.top), out);
    else if (isInOrder) await inTurn(files, open, out);
    else await merge(withFields(files, fields), open, out);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`a record is not what the job wrote: ${error.message}; see mr verify`, { cause: error });
  }
}

function requireTop({ columns = [], values }: RecordLayout, { by }: Top): void {
  if (values === true) throw new InputError("the output has values without keys: --top cannot read it");
  if (columns.length > 2 && by === "value") {
    throw new InputError(
      `the output has ${columns.length - 1} columns of values: --top cannot compare them; use --by key`,
    );
  }
}

/** How to read the records of each file. Throws an InputError when keys and values cannot be separated. */
function fieldsOfEach(layout: RecordLayout, { directory, manifest, top }: Wanted): RecordFields[] {
  return manifest.outputs.map(({ name, records, keyEnd }) => {
    const fields = recordFields(layout.format, records === 0 ? "first space" : keyEnd);
    if (fields !== undefined) return fields;
    const what = top === undefined ? "put the records in order" : "find the top records";
    const why =
      keyEnd === undefined
        ? "was written by an earlier version, which did not record where its keys end"
        : "has keys or values with spaces or line ends, so the end of a key cannot be determined";
    const otherwise = top === undefined ? ", or with -r 1 or --partitioner range" : "";
    throw new InputError(
      `cannot ${what}: ${join(directory, name)} is in text format and ${why}; ` +
        `run the job with --output-format jsonl, tsv or csv${otherwise}`,
    );
  });
}

/** A file, and how its records are read. */
interface Source {
  readonly file: OutputSource;
  readonly fields: RecordFields;
}

function withFields(files: readonly OutputSource[], fields: readonly RecordFields[]): Source[] {
  return files.flatMap((file, index) => {
    const own = fields[index];
    return own === undefined ? [] : [{ file, fields: own }];
  });
}

type Open = (source: OutputSource) => Promise<RecordCutter>;

/** Returns a function that opens one of `count` files. */
function opener(layout: RecordLayout, count: number): Open {
  const perSource = Math.round(aheadBytesMax / Math.max(1, count));
  const blockBytes = Math.max(blockBytesMin, Math.min(blockBytesMax, perSource));
  return async (source) => {
    const records = new RecordCutter(outputBlocks(source, blockBytes), { hasQuotes: layout.format === "csv" });
    // The header is written once for all files.
    if (recordFormat(layout).header.length > 0) await records.fill();
    return records;
  };
}

async function writeTop(sources: readonly Source[], open: Open, top: TopRecords, out: StandardOutput): Promise<void> {
  for (const { file, fields } of sources) {
    const records = await open(file);
    while (records.take() || (await records.fill())) top.add(records.record, fields);
  }
  for (const record of top.records()) if (!out.take(record)) await out.flush(record);
  if (top.withoutNumber > 0) {
    process.stderr.write(`mr cat: ${top.withoutNumber} records were skipped because their value is not a number\n`);
  }
}

async function inTurn(files: readonly OutputSource[], open: Open, out: StandardOutput): Promise<void> {
  for (const file of files) {
    const records = await open(file);
    while (records.take() || (await records.fill())) {
      if (!out.take(records.record)) await out.flush(records.record);
      if (out.isClosed) return;
    }
  }
}

/** A file in the merge, with the key of its next record. */
interface Merged {
  readonly number: number;
  readonly records: RecordCutter;
  readonly fields: RecordFields;
  key: Uint8Array;
}

async function merge(sources: readonly Source[], open: Open, out: StandardOutput): Promise<void> {
  const merged: Merged[] = [];
  for (const [number, { file, fields }] of sources.entries()) {
    const records = await open(file);
    if (!records.take() && !(await records.fill())) continue;
    merged.push({ number, records, fields, key: fields.key(records.record) });
  }
  const heap = new MergeHeap(merged, isBefore);
  for (let first = heap.first; first !== undefined && !out.isClosed; first = heap.first) {
    const { records, fields } = first;
    if (!out.take(records.record)) await out.flush(records.record);
    if (records.take() || (await records.fill())) {
      first.key = fields.key(records.record);
      heap.firstHasMoved();
    } else heap.removeFirst();
  }
}

function isBefore(a: Merged, b: Merged): boolean {
  const order = Buffer.compare(a.key, b.key);
  return order < 0 || (order === 0 && a.number < b.number);
}
