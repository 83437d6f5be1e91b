/**
 * `mr cat`: the output files of a job as one stream on standard output. It requires the manifest, so that it never
 * passes off part of a result as the whole, and knows what the files contain.
 */
import { join } from "node:path";
import { InputError } from "../../input/input-error.js";
import { isNamedOutputFile } from "../../model/output-names.js";
import { readManifest, requireStillThere, type Manifest } from "../../output/manifest.js";
import type { RecordLayout } from "../../model/output-format.js";
import { recordFormat } from "../../output/record-format.js";
import { MergeHeap } from "../../shuffle/collect/merge-heap.js";
import { rowReader, type ReadRow } from "./cells.js";
import {
  ColumnsOfOutput,
  FormattedOutput,
  TableOutput,
  type CatFormat,
  type RecordOutput,
} from "./formatted-output.js";
import { outputBlocks, type OutputSource } from "./output-blocks.js";
import { RecordCutter } from "./record-cutter.js";
import { recordFields, type RecordFields } from "./record-fields.js";
import { StandardOutput } from "./standard-output.js";
import { TopRecords, type Top } from "./top-records.js";

/** The memory limit for blocks read ahead, unless there are too many files for it. */
const aheadBytesMax = 64 * 1024 * 1024;
const [blockBytesMin, blockBytesMax] = [16 * 1024, 256 * 1024];

/** What to write. */
export interface Wanted {
  readonly top: Top | undefined;
  /** Undefined when the records stay as they are in the files. */
  readonly format: CatFormat | undefined;
  /** Whether a table is only the default on a terminal, and `text` stays as it is. */
  readonly isDefault?: boolean;
}

/**
 * Writes the output of the job in that directory, or only its top records. Returns early when the reader has gone.
 * Throws an InputError when there is no output of a finished job, the output has changed, or its records cannot be
 * read or ordered as that needs.
 */
export async function catOutputs(directory: string, { top, format, isDefault = false }: Wanted): Promise<void> {
  const manifest = readManifest(directory);
  const { options, outputs } = manifest;
  const files = outputs.map(({ name, bytes }): OutputSource => {
    return { path: join(directory, name), bytes, isCompressed: options.compress === "gz" };
  });
  const out = new StandardOutput();
  const { outputFormat, columns, values } = options;
  if (outputFormat === "app") {
    if (top !== undefined) throw new InputError("the output is in the app's own format: --top cannot read it");
    if (format !== undefined && !isDefault) {
      throw new InputError("the output is in the app's own format: --format cannot read it");
    }
    await concatenate(files, out);
  } else {
    const shown = isDefault && outputFormat === "text" ? undefined : format;
    const layout = { format: outputFormat, columns, values };
    await writeRecords({ directory, manifest, files, layout, top, format: shown }, out);
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

interface Job {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly files: readonly OutputSource[];
  readonly layout: RecordLayout;
  readonly top: Top | undefined;
  readonly format: CatFormat | undefined;
}

async function writeRecords(job: Job, out: StandardOutput): Promise<void> {
  const { layout, top, format } = job;
  if (top !== undefined) requireTop(layout, top);
  const sources = sourcesOf(job);
  const passTo = (output: RecordOutput) => pass(job, sources, output);
  try {
    if (format === undefined) {
      if (sources.length > 0) await out.flush(Buffer.from(recordFormat(layout).header));
      tellSkipped(await passTo(out));
    } else if (format === "table") {
      const table = new TableOutput(layout, process.stdout.isTTY ? process.stdout.columns : undefined, out);
      const skipped = await passTo(table);
      await table.end();
      tellSkipped(skipped);
    } else {
      // The first line of these formats depends on every record.
      const found = new ColumnsOfOutput(layout);
      if (format !== "json" || layout.format !== "jsonl") await passTo(found);
      const formatted = new FormattedOutput(format, found.columns, layout, out);
      const skipped = await passTo(formatted);
      await formatted.end();
      tellSkipped(skipped);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`a record is not what the job wrote: ${error.message}; see mr verify`, { cause: error });
  }
}

/** Passes the records to an output, in their order. Returns how many have no number to compare. */
async function pass({ manifest, layout, top }: Job, sources: readonly Source[], out: RecordOutput): Promise<number> {
  const open = opener(layout, sources.length);
  if (top !== undefined) return writeTop(sources, open, new TopRecords(top), out);
  if (isInOrder(manifest, layout)) await inTurn(sources, open, out);
  else await merge(sources, open, out);
  return 0;
}

/** Whether reading the files one after another gives the order of the keys, or there is no order to keep. */
function isInOrder({ options, outputs }: Manifest, { values }: RecordLayout): boolean {
  const { reducers, partitioner } = options;
  if (reducers === 0 || values === true) return true;
  return (reducers === 1 || partitioner === "range") && !outputs.some(({ name }) => isNamedOutputFile(name));
}

function tellSkipped(withoutNumber: number): void {
  if (withoutNumber === 0) return;
  process.stderr.write(`mr cat: ${withoutNumber} records were skipped because their value is not a number\n`);
}

function requireTop({ columns = [], values }: RecordLayout, { by }: Top): void {
  if (values === true) throw new InputError("the output has values without keys: --top cannot read it");
  if (columns.length > 2 && by === "value") {
    throw new InputError(
      `the output has ${columns.length - 1} columns of values: --top cannot compare them; use --by key`,
    );
  }
}

/** A file, and how its records are read. Each function is undefined where it is not needed. */
interface Source {
  readonly file: OutputSource;
  readonly fields: RecordFields | undefined;
  readonly read: ReadRow | undefined;
}

/** The files, with what is needed to read them. Throws an InputError when keys and values cannot be separated. */
function sourcesOf({ directory, manifest, files, layout, top, format }: Job): Source[] {
  const isOrdered = top === undefined && isInOrder(manifest, layout);
  return manifest.outputs.flatMap(({ name, records, keyEnd }, index) => {
    const file = files[index];
    if (file === undefined) return [];
    const end = records === 0 ? "first space" : keyEnd;
    const read = format === undefined ? undefined : rowReader(layout, end);
    const fields = isOrdered ? undefined : recordFields(layout.format, end);
    if ((isOrdered || fields !== undefined) && (format === undefined || read !== undefined)) {
      return [{ file, fields, read }];
    }
    const what =
      top !== undefined ? "find the top records" : isOrdered ? "show keys and values" : "put the records in order";
    const why =
      keyEnd === undefined
        ? "was written by an earlier version, which did not record where its keys end"
        : "has keys or values with spaces or line ends, so the end of a key cannot be determined";
    const otherwise = top === undefined && !isOrdered ? ", or with -r 1 or --partitioner range" : "";
    throw new InputError(
      `cannot ${what}: ${join(directory, name)} is in text format and ${why}; ` +
        `run the job with --output-format jsonl, tsv or csv${otherwise}`,
    );
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

/** Returns how many records were skipped because their value is not a number. */
async function writeTop(
  sources: readonly Source[],
  open: Open,
  top: TopRecords<Source>,
  out: RecordOutput,
): Promise<number> {
  for (const source of sources) {
    const records = await open(source.file);
    while (records.take() || (await records.fill())) top.add(records.record, fieldsOf(source), source);
  }
  for (const { record, source } of top.records()) if (!out.take(record, source.read)) await out.flush(record);
  return top.withoutNumber;
}

async function inTurn(sources: readonly Source[], open: Open, out: RecordOutput): Promise<void> {
  for (const { file, read } of sources) {
    const records = await open(file);
    while (records.take() || (await records.fill())) {
      if (!out.take(records.record, read)) await out.flush(records.record);
      if (out.isClosed) return;
    }
  }
}

/** A file in the merge, with the key of its next record. */
interface Merged {
  readonly number: number;
  readonly records: RecordCutter;
  readonly fields: RecordFields;
  readonly read: ReadRow | undefined;
  key: Uint8Array;
}

async function merge(sources: readonly Source[], open: Open, out: RecordOutput): Promise<void> {
  const merged: Merged[] = [];
  for (const [number, source] of sources.entries()) {
    const records = await open(source.file);
    if (!records.take() && !(await records.fill())) continue;
    const fields = fieldsOf(source);
    merged.push({ number, records, fields, read: source.read, key: fields.key(records.record) });
  }
  const heap = new MergeHeap(merged, isBefore);
  for (let first = heap.first; first !== undefined && !out.isClosed; first = heap.first) {
    const { records, fields, read } = first;
    if (!out.take(records.record, read)) await out.flush(records.record);
    if (records.take() || (await records.fill())) {
      first.key = fields.key(records.record);
      heap.firstHasMoved();
    } else heap.removeFirst();
  }
}

function fieldsOf({ fields }: Source): RecordFields {
  if (fields === undefined) throw new Error("records to be ordered have no known fields");
  return fields;
}

function isBefore(a: Merged, b: Merged): boolean {
  const order = Buffer.compare(a.key, b.key);
  return order < 0 || (order === 0 && a.number < b.number);
}
