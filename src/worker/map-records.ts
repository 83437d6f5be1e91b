/** Passes records to the app's `map`, and the pairs it returns to a taker. */
import type { KeyValue } from "../app/contract.js";
import { isThenable } from "../app/json-value.js";
import type { LoadedApp } from "../app/load.js";
import { BadRecordError } from "../input/bad-record-error.js";
import type { RecordReader } from "../input/record-reader.js";
import type { RecordSource, SplitSource } from "../input/records.js";
import { formatOf, type HasKind } from "../model/input-kinds.js";
import { firstPosition } from "../model/record-position.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { noteRecord } from "./at-work.js";
import type { InFlightSettings } from "./in-flight-settings.js";
import type { MapAttemptContext, MapFunction, MapOfRecords, MappedRecords } from "./map-context.js";
import type { Skipping } from "./map-skipping.js";
import { emitAll } from "./returned-pairs.js";
import { isBlamed, type Progress } from "./task-context.js";

/** How an attempt maps its records. */
export interface MapManner {
  /** Several at once, or at a rate; undefined for one after the other. */
  readonly inFlight: InFlightSettings | undefined;
  /** Skips bad records; undefined when the job skips none. */
  readonly skipping?: Skipping | undefined;
}

/**
 * Gives all records of the source to the app, and the pairs that it emits to the taker: one record after the other, or
 * several at once. Throws the errors of both.
 */
export async function mapSource(
  app: LoadedApp,
  source: RecordSource,
  context: MapAttemptContext,
  taker: PairTaker,
  progress: Progress,
  { inFlight, skipping }: MapManner,
): Promise<MappedRecords> {
  const mapOf = (part: SplitSource) => mapOfPart(app, part);
  // Most jobs do without these, and need not load them.
  if (inFlight !== undefined) {
    const { mapInFlight } = await import("./map-in-flight.js");
    return mapInFlight(source, mapOf, context, taker, progress, inFlight, skipping?.skipped);
  }
  if (skipping !== undefined) {
    const { mapSkipping } = await import("./map-skipping.js");
    return mapSkipping(source, mapOf, context, progress, skipping);
  }
  const run: Run = { context, taker, progress, records: 0, bytes: 0 };
  for (const [index, part] of source.parts.entries()) {
    context.beginFile(part.split.file);
    try {
      const { open, map } = mapOf(part);
      await mapRecords(await open(part, run.context), map, firstPosition(index), run);
    } catch (error) {
      throw error instanceof BadRecordError ? await part.describe(error) : error;
    }
  }
  context.endFiles();
  return run;
}

/** A running map attempt, and its progress. */
interface Run extends MappedRecords {
  readonly context: MapAttemptContext;
  readonly taker: PairTaker;
  readonly progress: Progress;
  records: number;
  bytes: number;
}

/** How the records of a part are opened, and the function that takes them. */
function mapOfPart(app: LoadedApp, { split }: SplitSource): MapOfRecords {
  const { mapBytes } = app;
  const { map, input } = formatOf<Pick<LoadedApp, "map"> & HasKind>(app, split);
  if (mapBytes !== undefined) return { open: (part) => part.openBytes(), map: mapBytes as MapFunction<unknown> };
  return { open: (part, context) => part.openValues(context), map: input === "pairs" ? mapOfPairs(map) : map };
}

/** A pair has its own key, which `map` receives. */
function mapOfPairs(map: LoadedApp["map"]): LoadedApp["map"] {
  return map && ((_file, pair, context) => map((pair as KeyValue).key, (pair as KeyValue).value, context));
}

/**
 * Maps the records of one split; `first` is the position of the beginning of its file. Awaits only promises: a job calls
 * `map` for each line, and most apps are synchronous.
 */
async function mapRecords<Value>(
  reader: RecordReader<Value>,
  map: MapFunction<Value>,
  first: number,
  run: Run,
): Promise<void> {
  const { context, taker, progress } = run;
  let { records, bytes } = run;
  const bytesBefore = bytes;
  const file = context.filename;
  const isCountedByReader = reader.bytesRead !== undefined;
  /** Whether the app has a record, and the engine is not looking for the next one. */
  let isAtWork = false;
  try {
    for (;;) {
      let isThere = goOn(reader, first, progress);
      if (typeof isThere !== "boolean") isThere = await isThere;
      if (!isThere) break;
      context.offset = reader.offset;
      progress.beginRecord(first + reader.offset);
      isAtWork = true;
      let result = map?.(file, reader.value, context);
      if (result !== undefined) {
        if (isThenable(result)) result = await result;
        const emitted = emitAll(result, taker);
        if (emitted !== undefined) await emitted;
      }
      isAtWork = false;
      records += 1;
      bytes = isCountedByReader ? bytesBefore + (reader.bytesRead ?? 0) : bytes + (reader.endOffset - reader.offset);
      progress.set(records, bytes);
    }
  } catch (error) {
    if (isAtWork && isBlamed(progress)) noteRecord(error, reader.value);
    throw error;
  } finally {
    await reader.close();
  }
  run.records = records;
  run.bytes = bytes;
}

/** Advances to the next record. Until it arrives, no record is at work. */
function goOn(reader: RecordReader<unknown>, first: number, progress: Progress): boolean | Promise<boolean> {
  try {
    const isThere = reader.next();
    if (isThere === true) return true;
    progress.beginRecord(NaN);
    return isThere === false ? false : whenThere(isThere, first, progress);
  } catch (error) {
    blame(error, first, progress);
    throw error;
  }
}

async function whenThere(pending: Promise<boolean>, first: number, progress: Progress): Promise<boolean> {
  try {
    return await pending;
  } catch (error) {
    blame(error, first, progress);
    throw error;
  }
}

/** A malformed record is to blame for its error. No record is to blame when the file cannot be read. */
function blame(error: unknown, first: number, progress: Progress): void {
  progress.beginRecord(error instanceof BadRecordError ? first + error.offset : NaN);
}
