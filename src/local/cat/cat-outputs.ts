/**
 * `mr cat`: the output files of a job as one stream on standard output. It needs the manifest, so that it never takes a part
 * of a result for one, and so that it knows what stands in the files.
 */
import { join } from "node:path";
import { InputError } from "../../input/input-error.js";
import { readManifest, type Manifest } from "../../output/manifest.js";
import { recordFormat } from "../../output/record-format.js";
import { MergeHeap } from "../../shuffle/collect/merge-heap.js";
import { outputBlocks, type OutputSource } from "./output-blocks.js";
import { RecordCutter } from "./record-cutter.js";
import { recordFields, type RecordFields } from "./record-fields.js";
import { StandardOutput } from "./standard-output.js";
import { TopRecords, type Top } from "./top-records.js";

/** What is read ahead takes so much memory at most, if there are not too many files for that. */
const aheadBytesMax = 64 * 1024 * 1024;
const [blockBytesMin, blockBytesMax] = [16 * 1024, 256 * 1024];

/**
 * Writes the output of the job in that directory, or only its top records. Returns early when nobody reads any more.
 * Throws an InputError when there is no output of a finished job, or it is not what that has written.
 */
export async function catOutputs(directory: string, top: Top | undefined): Promise<void> {
  const { options, outputs } = readManifest(directory);
  const sources = outputs.map(({ name, bytes }): OutputSource => {
    return { path: join(directory, name), bytes, isCompressed: options.compress === "gz" };
  });
  const out = new StandardOutput();
  const { outputFormat } = options;
  if (outputFormat === "app") {
    if (top !== undefined) throw new InputError("the output is in a format of the app's own: --top cannot read it");
    await concatenate(sources, out);
  } else {
    await writeRecords(sources, outputFormat, options, top, out);
  }
  await out.flush();
}

async function concatenate(sources: readonly OutputSource[], out: StandardOutput): Promise<void> {
  for (const source of sources) {
    for await (const block of outputBlocks(source, blockBytesMax)) {
      await out.flush(block);
      if (out.isClosed) return;
    }
  }
}

async function writeRecords(
  sources: readonly OutputSource[],
  format: Exclude<Manifest["options"]["outputFormat"], "app">,
  { reducers }: Pick<Manifest["options"], "reducers">,
  top: Top | undefined,
  out: StandardOutput,
): Promise<void> {
  const { header } = recordFormat(format);
  const fields = recordFields[format];
  const perSource = Math.round(aheadBytesMax / Math.max(1, sources.length));
  const blockBytes = Math.max(blockBytesMin, Math.min(blockBytesMax, perSource));
  const open = async (source: OutputSource): Promise<RecordCutter> => {
    const records = new RecordCutter(outputBlocks(source, blockBytes), { hasQuotes: format === "csv" });
    // Once is enough.
    if (header.length > 0) await records.fill();
    return records;
  };
  if (sources.length > 0) out.take(Buffer.from(header));
  try {
    if (top !== undefined) await writeTop(sources, open, new TopRecords(top, fields), out);
    else if (reducers === 0) await inTurn(sources, open, out);
    else await merge(await Promise.all(sources.map(open)), fields, out);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`a record is not what the job has written: ${error.message}; see mr verify`, { cause: error });
  }
}

type Open = (source: OutputSource) => Promise<RecordCutter>;

async function writeTop(
  sources: readonly OutputSource[],
  open: Open,
  top: TopRecords,
  out: StandardOutput,
): Promise<void> {
  for (const source of sources) {
    const records = await open(source);
    while (records.take() || (await records.fill())) top.add(records.record);
  }
  for (const record of top.records()) if (!out.take(record)) await out.flush(record);
  if (top.withoutNumber > 0) {
    process.stderr.write(`mr cat: ${top.withoutNumber} records are left out, since their value is no number\n`);
  }
}

async function inTurn(sources: readonly OutputSource[], open: Open, out: StandardOutput): Promise<void> {
  for (const source of sources) {
    const records = await open(source);
    while (records.take() || (await records.fill())) {
      if (!out.take(records.record)) await out.flush(records.record);
      if (out.isClosed) return;
    }
  }
}

/** A file in the merge, with what its next record is ordered by. */
interface Merged {
  readonly number: number;
  readonly records: RecordCutter;
  order: Uint8Array;
}

async function merge(all: readonly RecordCutter[], fields: RecordFields, out: StandardOutput): Promise<void> {
  const merged: Merged[] = [];
  for (const [number, records] of all.entries()) {
    if (records.take() || (await records.fill())) merged.push({ number, records, order: fields.order(records.record) });
  }
  const heap = new MergeHeap(merged, isBefore);
  for (let first = heap.first; first !== undefined && !out.isClosed; first = heap.first) {
    const { records } = first;
    if (!out.take(records.record)) await out.flush(records.record);
    if (records.take() || (await records.fill())) {
      first.order = fields.order(records.record);
      heap.firstHasMoved();
    } else heap.removeFirst();
  }
}

function isBefore(a: Merged, b: Merged): boolean {
  const order = Buffer.compare(a.order, b.order);
  return order < 0 || (order === 0 && a.number < b.number);
}
