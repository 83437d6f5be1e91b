import type { AppIdentity, Split } from "../rpc/protocol.js";
import { InputError } from "./input-error.js";
import { ReaderOver } from "./reader-over.js";
import type { RecordReader } from "./record-reader.js";
import { sourceOfSplit, type RecordFormat, type RecordSource } from "./records.js";
import { isCuttable, lengthOf } from "./splits.js";

/** So many tasks take the sample, so that several workers do. */
const tasksMax = 8;
/** So many places of files that can be cut are looked at, in all; of others so many files. */
const placesMax = 128;
const filesMax = tasksMax;
/** How long such a place is, and how much is read of a file. */
const placeBytes = 32 * 1024;
const fileBytes = 1024 * 1024;

/**
 * Chooses what is looked at when the keys of a job are to be known roughly before the first map runs (paper section 5.3;
 * Hadoop's InputSampler): places that are spread evenly over all bytes of the input, so that inputs that are sorted
 * already, or change on the way, show what they have. Each list is for one sample task; there is none for a single reducer.
 * A place is a split of its own; of a file that cannot be cut it is all of the file, of which `sourceOfPlace` reads the
 * beginning. Where the files were cut into splits makes no difference.
 *
 * Throws an InputError when the app says itself which partition a key belongs to.
 */
export function planSample(
  splits: readonly Split[],
  app: Pick<AppIdentity, "name" | "input" | "ownPartition">,
  reducers: number,
): Split[][] {
  requireNoOwnPartition(app);
  const { input: kind } = app;
  if (reducers <= 1) return [];
  const files = joined(splits);
  const isCut = files.some((file) => isCuttable(kind, file));
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
    const chosen = isCuttable(kind, file) ? pieceOf(file, file.startBytes + position - bytesBefore) : file;
    const last = places.at(-1);
    if (last?.path !== chosen.path || last.startBytes !== chosen.startBytes) places.push(chosen);
  }
  const perTask = Math.ceil(places.length / tasksMax);
  return Array.from({ length: Math.ceil(places.length / Math.max(1, perTask)) }, (_, task) => {
    return places.slice(task * perTask, (task + 1) * perTask);
  });
}

/** Throws an InputError when the app says itself which partition a key belongs to: there is nothing to be sampled then. */
export function requireNoOwnPartition({ name, ownPartition }: Pick<AppIdentity, "name" | "ownPartition">): void {
  if (ownPartition !== true) return;
  throw new InputError(
    `${name} exports partition, and --partitioner range would pass it over: leave one of the two out`,
  );
}

/** The records of a place; of a file that cannot be cut, those in its first MiB (a record that begins there is read whole). */
export function sourceOfPlace(place: Split, format: RecordFormat): RecordSource {
  const source = sourceOfSplit(place, format);
  return {
    ...source,
    openValues: async (context) => new BeginningReader(await source.openValues(context), place),
    openBytes: async () => new BeginningReader(await source.openBytes(), place),
  };
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

/** Splits that follow each other in a file, as one. */
function joined(splits: readonly Split[]): Split[] {
  const files: Split[] = [];
  for (const split of splits) {
    const last = files.at(-1);
    if (last?.path === split.path && last.endBytes === split.startBytes) {
      files[files.length - 1] = { ...last, endBytes: split.endBytes };
    } else files.push(split);
  }
  return files;
}

/** A piece of a file from that byte on, or all of a short one. */
function pieceOf(file: Split, position: number): Split {
  const startBytes = Math.max(file.startBytes, Math.min(position, file.endBytes - placeBytes));
  return { ...file, startBytes, endBytes: Math.min(file.endBytes, startBytes + placeBytes) };
}
