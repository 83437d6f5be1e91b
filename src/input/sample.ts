import { formatOf, type AppInputs, type HasKind } from "../model/input-kinds.js";
import type { AppIdentity } from "../model/app-identity.js";
import type { Split } from "../model/split.js";
import { InputError } from "./input-error.js";
import { ReaderOver } from "./reader-over.js";
import type { RecordReader } from "./record-reader.js";
import { sourceOfSplit, type RecordFormat, type RecordSource, type SplitSource } from "./records.js";
import { isCuttable, lengthOf } from "./splits.js";

/** The sample is divided into several tasks, so that several workers take it. */
const tasksMax = 8;
/** The total number of places examined in files that can be cut; of other files, the number of files. */
const placesMax = 128;
const filesMax = tasksMax;
/** The length of a place, and how much is read of a file that cannot be cut. */
const placeBytes = 32 * 1024;
const fileBytes = 1024 * 1024;

/**
 * Chooses the places to sample for a rough estimate of a job's keys before the first map runs (paper section 5.3;
 * Hadoop's InputSampler). The places are spread evenly over all bytes of the input, so that they represent even inputs
 * that are sorted or change along the way. Each list is for one sample task; a single reducer needs no task. A place is
 * a split of its own; for a file that cannot be cut it is the whole file, of which `sourceOfPlace` reads the beginning.
 * The result does not depend on where files were cut into splits, except for bzip2 files, whose splits are sampled like
 * files.
 *
 * Throws an InputError when the app itself assigns keys to partitions.
 */
export function planSample(
  splits: readonly Split[],
  app: Pick<AppIdentity, "name" | "input" | "inputs" | "ownPartition">,
  reducers: number,
): Split[][] {
  requireNoOwnPartition(app);
  if (reducers <= 1) return [];
  const isCuttableFile = (file: Split) => isCuttable(formatOf<HasKind>(app, file).input, file);
  const files = joined(splits, isCuttableFile);
  const isCut = files.some(isCuttableFile);
  const totalBytes = files.reduce((sum, file) => sum + lengthOf(file), 0);
  const wanted = isCut ? Math.min(placesMax, Math.ceil(totalBytes / placeBytes)) : Math.min(filesMax, files.length);
  const places: Split[] = [];
  let fileAt = 0;
  let bytesBefore = 0;
  for (let place = 0; place < wanted; place++) {
    const position = Math.floor(((place + 0.5) / wanted) * totalBytes);
    let file = files[fileAt];
    while (file !== undefined && fileAt < files.length - 1 && bytesBefore + lengthOf(file) <= position) {
      bytesBefore += lengthOf(file);
      file = files[++fileAt];
    }
    if (file === undefined) break;
    const chosen = isCuttableFile(file) ? pieceOf(file, file.startBytes + position - bytesBefore) : file;
    const last = places.at(-1);
    const isSame = last?.path === chosen.path && last.startBytes === chosen.startBytes && last.input === chosen.input;
    if (!isSame) places.push(chosen);
  }
  const perTask = Math.ceil(places.length / tasksMax);
  return Array.from({ length: Math.ceil(places.length / Math.max(1, perTask)) }, (_, task) => {
    return places.slice(task * perTask, (task + 1) * perTask);
  });
}

/** Throws an InputError when the app itself assigns keys to partitions: then there is nothing to sample. */
export function requireNoOwnPartition({ name, ownPartition }: Pick<AppIdentity, "name" | "ownPartition">): void {
  if (ownPartition !== true) return;
  throw new InputError(`${name} exports partition, which --partitioner range would ignore: leave one of the two out`);
}

/**
 * The records of a place; for a file that cannot be cut, the records in its first MiB (one that begins there is read
 * whole).
 */
export function sourceOfPlace(place: Split, app: AppInputs<RecordFormat>): RecordSource {
  const source = sourceOfSplit(place, app);
  const part: SplitSource = {
    ...source,
    openValues: async (context) => new BeginningReader(await source.openValues(context), place),
    openBytes: async () => new BeginningReader(await source.openBytes(), place),
  };
  // The map tasks read the same files to the end, and warn of them.
  return { parts: [part], skipped: [], warnings: [] };
}

/** The first records of another reader. */
class BeginningReader<Value> extends ReaderOver<Value> {
  readonly #start: number;

  constructor(reader: RecordReader<Value>, { startBytes }: Split) {
    super(reader);
    this.#start = startBytes;
  }

  override next(): boolean | Promise<boolean> {
    const bytes = this.bytesRead ?? this.endOffset - this.#start;
    return bytes < fileBytes && this.reader.next();
  }
}

/** Merges adjacent splits of a file that can be cut anywhere. */
function joined(splits: readonly Split[], isCuttableFile: (file: Split) => boolean): Split[] {
  const files: Split[] = [];
  for (const split of splits) {
    const last = files.at(-1);
    if (isCuttableFile(split) && last?.path === split.path && last.endBytes === split.startBytes) {
      files[files.length - 1] = { ...last, endBytes: split.endBytes };
    } else files.push(split);
  }
  return files;
}

/** A piece of a file from that byte on, or the whole of a short file. */
function pieceOf(file: Split, position: number): Split {
  const startBytes = Math.max(file.startBytes, Math.min(position, file.endBytes - placeBytes));
  return { ...file, startBytes, endBytes: Math.min(file.endBytes, startBytes + placeBytes) };
}
