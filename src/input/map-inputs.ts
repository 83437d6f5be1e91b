/**
 * Which splits each map task reads: usually one. A job with many small files would spend its time on beginning and
 * ending tasks, so such files share tasks, as with Hadoop's CombineFileInputFormat.
 */
import type { RecordKind } from "../model/input-kinds.js";
import type { Split } from "../model/split.js";
import { cutBzip2Files } from "./bzip2-splits.js";
import { cutContents, type ContentSharing } from "./content-splits.js";
import { cutCsvFiles } from "./csv-splits.js";
import type { InputFile } from "./files.js";
import { splitsPerTaskMax } from "../model/record-position.js";
import { sampledSplits } from "./sampled-splits.js";
import { inputsByFormat, type PlannedApp, type PlannedFormat } from "./inputs-by-format.js";
import { lengthOf, planSplits } from "./splits.js";

/** With at most this many files per worker, each file has its own task. */
const filesPerWorkerMax = 16;
/** Otherwise each worker gets about this many tasks, as with large files. */
const groupsPerWorker = 4;
/** Opening a file costs about as much as reading this many more bytes. */
const openingBytes = 4096;
/**
 * A longer bzip2 file stands alone. The offsets in it (`bzip2-offsets.ts`) could be larger than a position in a group can
 * hold, since it can have a block for every 22 bytes.
 */
const groupedBzip2BytesMax = 1024 * 1024;

export interface InputPlanOptions {
  readonly inputs: readonly InputFile[];
  readonly app: PlannedApp;
  /** The maximum size in bytes of a split of a file that may be cut. */
  readonly splitBytes: number;
  /** How many bytes of small files share a task, from `groupBytesFor`; 0 for one task per split. */
  readonly groupBytes: number;
  /** The percentage of the input that `--sample` maps; undefined for all. */
  readonly samplePercent?: number | undefined;
  /** How map tasks share compressed files, from `contentSharingFor`; undefined for a task per file. */
  readonly contentSharing?: ContentSharing | undefined;
  /** Stops the planning, which reads large CSV and bzip2 files. */
  readonly signal?: AbortSignal | undefined;
}

export interface InputPlan {
  /** All splits of the input, regardless of `--sample` and of the sharing of compressed files. */
  readonly all: readonly Split[];
  /** The splits of each map task, at least one, in input order. */
  readonly tasks: readonly (readonly Split[])[];
}

/**
 * Plans the map tasks of a job. Throws an InputError as `planSplits` does, or when the files are not for the inputs that the
 * app declares, and the reason of `signal`.
 */
export async function planInputs(options: InputPlanOptions): Promise<InputPlan> {
  const { app, inputs, groupBytes, contentSharing: sharing, signal } = options;
  const plans: SplitPlan[] = [];
  for (const { format, files } of inputsByFormat(app, inputs)) {
    plans.push(await planFiles(files, format, options));
  }
  const totalBytes = plans.flatMap(({ taken }) => taken).reduce((sum, split) => sum + lengthOf(split), 0);
  const tasks: Split[][] = [];
  // Apart from each other, so a map task never reads files of two inputs.
  for (const { kind, taken } of plans) {
    const splits = sharing === undefined ? taken : await cutContents(taken, kind, { sharing, totalBytes, signal });
    tasks.push(...(groupBytes === 0 ? splits.map((split) => [split]) : grouped(splits, groupBytes)));
  }
  return { all: plans.flatMap(({ all }) => all), tasks };
}

/** The splits of the files of one input. */
interface SplitPlan {
  readonly kind: RecordKind;
  readonly all: readonly Split[];
  /** The splits that the job maps, or parts of splits, with `--sample`. */
  readonly taken: readonly Split[];
}

async function planFiles(
  files: readonly InputFile[],
  { input: kind, csv }: PlannedFormat,
  { splitBytes, samplePercent, signal }: InputPlanOptions,
): Promise<SplitPlan> {
  const planned = planSplits(files, kind, splitBytes);
  const how = { csv, splitBytes, signal };
  const all = kind === "csv" ? await cutCsvFiles(planned, how) : await cutBzip2Files(planned, kind, how);
  return { kind, all, taken: sampledSplits(all, kind, samplePercent) };
}

/**
 * How many bytes of small files should share a map task when `workers` share the inputs, or 0 if the files are few
 * enough for a task each.
 */
export function groupBytesFor(inputs: readonly InputFile[], workers: number): number {
  if (inputs.length <= workers * filesPerWorkerMax) return 0;
  const cost = inputs.reduce((sum, { sizeBytes }) => sum + openingBytes + sizeBytes, 0);
  return Math.ceil(cost / (workers * groupsPerWorker));
}

/** Groups consecutive whole files until a group has `groupBytes`. A part of a file stands alone. */
function grouped(splits: readonly Split[], groupBytes: number): Split[][] {
  const groups: Split[][] = [];
  let last: Split[] = [];
  let bytes = Infinity;
  for (const split of splits) {
    const cost = isGroupable(split) ? openingBytes + lengthOf(split) : Infinity;
    if (bytes + cost > groupBytes || last.length === splitsPerTaskMax) {
      last = [];
      bytes = 0;
      groups.push(last);
    }
    last.push(split);
    bytes += cost;
  }
  return groups;
}

/** Whether the split is a whole file, and may share a task. */
function isGroupable({ startBytes, endBytes, compression, planned }: Split): boolean {
  if (compression === "bzip2" && endBytes > groupedBzip2BytesMax) return false;
  return startBytes === 0 && endBytes === planned?.sizeBytes;
}
