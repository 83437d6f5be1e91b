/**
 * A job as a trace in Chrome's Trace Event Format, which https://ui.perfetto.dev and chrome://tracing display: a row
 * per worker with its attempts, the failures, and the throughput over time.
 *
 * The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Its times are in
 * microseconds, and its processes and threads are numbers.
 */
import type { FailedAttemptView, JobView, SpanView, ThroughputSample } from "../model/job-view.js";

interface Place {
  readonly pid: number;
  readonly tid: number;
}

/** Metadata ("M"), an attempt ("X": a complete event), a failure ("i": an instant), or throughput ("C": a counter). */
export type TraceEvent =
  | (Place & { readonly ph: "M"; readonly name: string; readonly args: Readonly<Record<string, string | number>> })
  | (Place & { readonly ph: "X"; readonly dur: number } & Told)
  | (Place & { readonly ph: "i"; readonly s: "t" } & Told)
  | (Place & { readonly ph: "C" } & Omit<Told, "cat">);

interface Told {
  readonly name: string;
  /** Categories, separated by commas. */
  readonly cat: string;
  readonly ts: number;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Trace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  readonly otherData: Readonly<Record<string, string>>;
}

/** For events of the whole job. */
const jobPlace: Place = { pid: 1, tid: 0 };

/** The view of a job as a trace. Time 0 is the start of the job. */
export function traceOf(view: JobView): Trace {
  const places = placesOf(view);
  const at = (worker: string) => places.get(worker)?.place ?? jobPlace;
  return {
    traceEvents: [
      named("process_name", jobPlace, `job ${view.app ?? ""}`.trim()),
      ...[...places.values()].flatMap(({ place, host, name }) => [
        named("process_name", place, host),
        named("thread_name", place, name),
        { ph: "M" as const, name: "thread_sort_index", ...place, args: { sort_index: place.tid } },
      ]),
      ...view.timeline.spans.map((span) => attemptEvent(span, at(span.worker))),
      ...view.failures.list.map((failed) => failureEvent(failed, at(failed.worker))),
      ...counterEvents(view.throughput),
    ],
    displayTimeUnit: "ms",
    otherData: {
      job: view.job,
      app: view.app ?? "",
      directory: view.directory,
      phase: view.phase,
      startedAt: new Date(view.startedAtEpochMs).toISOString(),
      attemptsOmitted: String(view.timeline.omitted),
      failuresOmitted: String(view.failures.omitted),
    },
  };
}

interface NamedPlace {
  readonly place: Place;
  readonly host: string;
  readonly name: string;
}

/** A process per host, with a thread for each of its workers, in the order in which they joined. */
function placesOf({ workers, timeline, failures }: JobView): Map<string, NamedPlace> {
  const known = new Map(workers.list.map((worker) => [worker.id, worker]));
  const hosts = new Map<string, number>();
  const ids = [...known.keys(), ...timeline.spans.map(({ worker }) => worker), ...failures.list.map((f) => f.worker)];
  const places = new Map<string, NamedPlace>();
  for (const id of [...new Set(ids)].sort((a, b) => numberOf(a) - numberOf(b))) {
    const worker = known.get(id);
    // The host of a worker that left before the end is no longer known.
    const host = worker?.host ?? "workers that have left";
    const pid = hosts.get(host) ?? jobPlace.pid + 1 + hosts.size;
    hosts.set(host, pid);
    const name = worker === undefined ? id : `${id} (pid ${worker.pid})`;
    places.set(id, { place: { pid, tid: numberOf(id) }, host, name });
  }
  return places;
}

/** The number in the id of a worker, such as `w12`. */
function numberOf(worker: string): number {
  return Number(worker.replace(/\D/g, ""));
}

function named(name: "process_name" | "thread_name", place: Place, text: string): TraceEvent {
  return { ph: "M", name, ...place, args: { name: text } };
}

function attemptEvent(span: SpanView, place: Place): TraceEvent {
  const { kind, task, attempt, count, outcome, isBackup, records, bytes } = span;
  const [ts, end] = [microseconds(span.startMs), microseconds(span.endMs)];
  // Several short attempts that the view has merged.
  const name = count === 1 ? `${kind} ${task}` : `${kind} ${task} … (${count} attempts)`;
  const cat = [kind, outcome, ...(isBackup ? ["backup"] : [])].join(",");
  const args = { task, attempt, attempts: count, state: outcome, backup: isBackup, records, bytes };
  return { ph: "X", name, cat, ...place, ts, dur: Math.max(0, end - ts), args };
}

function failureEvent(failed: FailedAttemptView, place: Place): TraceEvent {
  const { kind, task, attempt, worker, startMs, endMs, outcome, ...told } = failed;
  const name = `${kind} ${task}: ${outcome}`;
  const args = { task, attempt, worker, state: outcome, tookMs: endMs - startMs, ...told };
  return { ph: "i", s: "t", name, cat: `${kind},failure`, ...place, ts: microseconds(endMs), args };
}

/** A counter keeps its value until the next event: each event has the rate up to the next one, and the last has 0. */
function counterEvents(samples: readonly ThroughputSample[]): TraceEvent[] {
  const none = { atMs: 0, mapRecords: 0, mapBytes: 0, reduceRecords: 0, reduceBytes: 0 };
  const events: TraceEvent[] = [];
  let before: ThroughputSample = none;
  for (const sample of samples) {
    const ts = microseconds(before.atMs);
    if (microseconds(sample.atMs) <= ts) continue;
    const tookMs = sample.atMs - before.atMs;
    // The work of a lost attempt no longer counts.
    const rate = (name: Exclude<keyof ThroughputSample, "atMs">) =>
      Math.round((Math.max(0, sample[name] - before[name]) / tookMs) * 1000);
    events.push(
      counterEvent("records/s", ts, rate("mapRecords"), rate("reduceRecords")),
      counterEvent("bytes/s", ts, rate("mapBytes"), rate("reduceBytes")),
    );
    before = sample;
  }
  if (events.length === 0) return [];
  const end = microseconds(before.atMs);
  return [...events, counterEvent("records/s", end, 0, 0), counterEvent("bytes/s", end, 0, 0)];
}

function counterEvent(name: string, ts: number, map: number, reduce: number): TraceEvent {
  return { ph: "C", name, ...jobPlace, ts, args: { map, reduce } };
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
