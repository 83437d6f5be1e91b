/**
 * Calls an app's `map` for several records at once. The result is the same as with one call at a time: `runInFlight` keeps the
 * order of the records and of their errors, and `HeldEmits` keeps the pairs of a record until its turn.
 */
import { isThenable } from "../app/json-value.js";
import type { RecordSource } from "../input/records.js";
import type { PairTaker } from "../shuffle/collect/collector.js";
import { noteRecord } from "./at-work.js";
import { HeldEmits, type HeldBytes, type RecordSink } from "./held-emits.js";
import { runInFlight, type InFlightWork } from "./in-flight.js";
import type { InFlightSettings } from "./in-flight-settings.js";
import type { MapAttemptContext, MapOfRecords, MappedRecords } from "./map-context.js";
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
  readonly file: string;
  readonly offset: number;
  readonly position: number;
  /** Its length in memory, and what it adds to the bytes that were read. */
  readonly length: number;
  readonly bytes: number;
  readonly held: HeldEmits;
  readonly context: RecordContext;
}

/** Maps all records of the source, and gives their pairs to the taker in the order of the records. Throws the first error. */
export async function mapInFlight(
  source: RecordSource,
  { open, map }: MapOfRecords,
  context: MapAttemptContext,
  taker: PairTaker,
  progress: Progress,
  { concurrency, pacer, heldBytesMax, deliversFailed = false }: InFlightSettings,
): Promise<MappedRecords> {
  const reader = new RecordsOfParts(source, open, context);
  const held: HeldBytes = { bytes: 0, max: heldBytesMax };
  /** Whether pairs of several records are lost, by an error of `combine` or of the disk. */
  let isBlameless = false;
  const sink = sinkOf(context, taker, () => (isBlameless ||= !isBlamed(progress)));
  let records = 0;
  let bytes = 0;
  /** The record that is at work according to the progress, unless another one begins or is being delivered. */
  let atWork = NaN;
  let hasFailed = false;
  const current = (): MapRecord => {
    const record = reader.current();
    const emits = new HeldEmits(sink, held);
    held.bytes += record.length;
    const own = new RecordContext(context, record, emits);
    return { ...record, value: copied(record.value), held: emits, context: own };
  };
  const end = (record: MapRecord): void => {
    record.value = undefined;
    record.context.end();
    held.bytes -= record.length;
    records += 1;
    bytes += record.bytes;
    progress.set(records, bytes);
  };
  const work: InFlightWork<MapRecord> = {
    next() {
      const isThere = reader.next();
      if (typeof isThere === "boolean") return isThere ? current() : undefined;
      return isThere.then((isThere) => (isThere ? current() : undefined));
    },
    mayBegin: pacer && ((stopping) => pacer.mayBegin(stopping)),
    begin(record) {
      progress.beginRecord(record.position);
      const result = map?.(record.file, record.value, record.context);
      const pending = isThenable(result)
        ? Promise.resolve(result).then((pairs) => emitAll(pairs, record.held))
        : emitAll(result, record.held);
      if (pending !== undefined) return pending.then(() => end(record));
      end(record);
      return undefined;
    },
    hasRoom: () => held.bytes <= held.max,
    isFirst: ({ held }) => held.setFirst(),
    deliver(record) {
      progress.beginRecord(record.position);
      context.offset = record.offset;
      record.held.deliver();
      progress.beginRecord(atWork);
    },
    cancel(record) {
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
