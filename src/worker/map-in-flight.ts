/**
 * Calls an app's `map` for several records at once. The result is the same as with one call at a time: `runInFlight` keeps the
 * order of the records and of their errors, and `HeldEmits` keeps the pairs of a record until its turn.
 */
import { isThenable } from "../app/json-value.js";
import { BadRecordError } from "../input/bad-record-error.js";
import type { RecordSource } from "../input/records.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { noteRecord } from "./at-work.js";
import { RecordGate } from "./emit-gate.js";
import { describingMalformed, isOfRecord } from "./map-skipping.js";
import type { SkippedRecords } from "./skipped-records.js";
import { HeldEmits, type HeldBytes, type RecordSink } from "./held-emits.js";
import { runInFlight, type InFlightWork } from "./in-flight.js";
import type { InFlightSettings } from "./in-flight-settings.js";
import type { MapAttemptContext, MapFunction, MapOfPart, MappedRecords } from "./map-context.js";
import { RecordContext } from "./record-context.js";
import { RecordsOfParts } from "./records-of-parts.js";
import { emitAll } from "./returned-pairs.js";
import { isBlamed, severalAtWork, type Progress } from "./task-context.js";

/**
 * The window of records that have begun and are not delivered yet, as a multiple of the concurrency. A window of the
 * concurrency alone would let one slow record hold up all calls; a larger one does more work in vain when that record fails.
 */
const windowFactor = 8;

/** How long the attempt waits, once it has failed, for the calls that it has cancelled. */
const cancelGraceMs = 200;

interface MapRecord {
  /** Undefined once `map` has ended. */
  value: unknown;
  readonly map: MapFunction<unknown>;
  readonly file: string;
  readonly offset: number;
  readonly position: number;
  /** Its length in memory, and what it adds to the bytes that were read. */
  readonly length: number;
  readonly bytes: number;
  held: HeldEmits;
  context: RecordContext;
  /** Returns the value once more, as the app received it; undefined when that is impossible, or will not be needed. */
  readonly remake: (() => unknown) | undefined;
  isFirst: boolean;
  isCancelled: boolean;
  /** Why the record is bad. It is skipped when its turn comes. */
  fault?: { readonly error: unknown };
}

/**
 * Maps all records of the source, and gives their pairs to the taker in the order of the records. Throws the first error.
 * With `skipped`, skips bad records as `map-skipping.ts` does, and adds them there.
 */
export async function mapInFlight(
  source: RecordSource,
  mapOf: MapOfPart,
  context: MapAttemptContext,
  taker: PairTaker,
  progress: Progress,
  { concurrency, pacer, heldBytesMax, deliversFailed = false }: InFlightSettings,
  skipped?: SkippedRecords,
): Promise<MappedRecords> {
  const reader = new RecordsOfParts(source, mapOf, context, skipped && describingMalformed());
  const held: HeldBytes = { bytes: 0, max: heldBytesMax };
  /** Whether pairs of several records are lost, by an error of `combine` or of the disk. */
  let isBlameless = false;
  const sink = sinkOf(context, taker, () => (isBlameless ||= !isBlamed(progress)));
  let records = 0;
  let bytes = 0;
  /** The record that is at work according to the progress, unless another one begins or is being delivered. */
  let atWork = NaN;
  let hasFailed = false;
  const hold = (place: Pick<MapRecord, "file" | "offset">) => {
    const emits = new HeldEmits(sink, held);
    return { held: emits, context: new RecordContext(context, place, emits, new RecordGate(context.gate)) };
  };
  const current = (): MapRecord => {
    const record = reader.current();
    held.bytes += record.length;
    const remake = skipped === undefined ? undefined : reader.remaking();
    return { ...record, ...hold(record), value: copied(record.value), remake, isFirst: false, isCancelled: false };
  };
  const malformed = (error: unknown): MapRecord => {
    if (skipped === undefined || !(error instanceof BadRecordError)) throw error;
    const { offset, endOffset } = error;
    const place = { file: context.filename, offset, position: reader.badPosition };
    const none = { value: undefined, map: undefined, remake: undefined, length: endOffset - offset, bytes: 0 };
    held.bytes += none.length;
    return { ...place, ...none, ...hold(place), isFirst: false, isCancelled: false, fault: { error } };
  };
  const call = (record: MapRecord) => {
    progress.beginRecord(record.position);
    const result = record.map?.(record.file, record.value, record.context);
    if (!isThenable(result)) return emitAll(result, record.held);
    const { held } = record;
    return Promise.resolve(result).then((pairs) => emitAll(pairs, held));
  };
  const end = (record: MapRecord): void => {
    record.value = undefined;
    record.context.end();
    held.bytes -= record.length;
    if (record.fault !== undefined) return;
    records += 1;
    bytes += record.bytes;
    progress.set(records, bytes);
  };
  /** Takes back what a record has emitted. Throws the error when that is impossible, or the record is not to blame. */
  const takeBack = (record: MapRecord, error: unknown) => {
    const isLate = isBlameless || record.held.isPassingOn || record.isCancelled || context.signal.aborted;
    if (skipped === undefined || isLate || !isOfRecord(error)) throw error;
    record.context.cancel();
    record.held.discard();
    Object.assign(record, hold(record));
    if (record.isFirst) record.held.setFirst();
  };
  const tryAgain = async (record: MapRecord, firstError: unknown) => {
    takeBack(record, firstError);
    const value = record.remake?.();
    // An object that the app may have changed could give wrong pairs now.
    if (value === undefined && record.value !== undefined) throw firstError;
    record.value = value;
    await pacer?.mayBegin(context.signal);
    try {
      const pending = call(record);
      progress.beginRecord(atWork);
      await pending;
    } catch (error) {
      takeBack(record, error);
      noteRecord(error, value);
      record.fault = { error };
    }
  };
  const mapped = (record: MapRecord): Promise<void> | undefined => {
    if (skipped === undefined) return call(record);
    try {
      return call(record)?.catch((error: unknown) => tryAgain(record, error));
    } catch (error) {
      return tryAgain(record, error);
    }
  };
  const work: InFlightWork<MapRecord> = {
    next() {
      try {
        const isThere = reader.next();
        if (typeof isThere === "boolean") return isThere ? current() : undefined;
        return isThere.then((isThere) => (isThere ? current() : undefined), malformed);
      } catch (error) {
        return malformed(error);
      }
    },
    mayBegin: pacer && ((stopping) => pacer.mayBegin(stopping)),
    begin(record) {
      const pending = record.fault === undefined ? mapped(record) : undefined;
      if (pending !== undefined) return pending.then(() => end(record));
      end(record);
      return undefined;
    },
    hasRoom: () => held.bytes <= held.max,
    isFirst(record) {
      record.isFirst = true;
      record.held.setFirst();
    },
    deliver(record) {
      if (record.fault !== undefined) {
        const { position, length, fault } = record;
        skipped?.skip(position, position + length, fault.error);
        return;
      }
      progress.beginRecord(record.position);
      context.offset = record.offset;
      record.held.deliver();
      progress.beginRecord(atWork);
    },
    cancel(record) {
      record.isCancelled = true;
      record.context.cancel();
      record.held.discard();
    },
    underWay(count, first) {
      // The progress names the record that has failed.
      if (hasFailed) return;
      atWork = count === 0 ? NaN : count === 1 && first !== undefined ? first.position : severalAtWork;
      progress.beginRecord(atWork);
    },
    failed(record, error) {
      hasFailed = true;
      progress.beginRecord(isBlameless ? NaN : (record?.position ?? reader.badPosition));
      if (record === undefined) return;
      if (!isBlameless) noteRecord(error, record.value);
      if (deliversFailed) record.held.deliver();
      record.context.cancel();
      record.held.discard();
      context.beginFile(record.file);
      context.offset = record.offset;
    },
  };
  context.gate.phase.delegate();
  try {
    await runInFlight(work, {
      concurrency,
      windowMax: windowFactor * concurrency,
      signal: context.signal,
      cancelGraceMs,
    });
  } finally {
    context.gate.phase.open();
    await reader.close();
  }
  return { records, bytes };
}

/** What takes the pairs of records. `onError` is called when the taker throws. */
function sinkOf(context: MapAttemptContext, taker: PairTaker, onError: () => void): RecordSink {
  const noting = (give: () => void) => {
    try {
      give();
    } catch (error) {
      onError();
      throw error;
    }
  };
  return {
    get pairs() {
      return taker.pairs;
    },
    emit: (key, value) => noting(() => taker.emit(key, value)),
    emitBytes: (buffer, start, end, value) => noting(() => taker.emitBytes(buffer, start, end, value)),
    emitSlices: (buffer, keyStart, keyEnd, valueStart, valueEnd) => {
      noting(() => taker.emitSlices(buffer, keyStart, keyEnd, valueStart, valueEnd));
    },
    count: (name, n) => context.count(name, n),
    writeSideFile: (name, data) => context.sideFiles.append(name, data),
  };
}

/** Copies bytes, since the reader overwrites them when it goes on. The copy has the same class, such as Buffer. */
function copied(value: unknown): unknown {
  return value instanceof Uint8Array ? Uint8Array.prototype.slice.call(value) : value;
}
