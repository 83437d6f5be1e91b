import { inputText } from "../../model/input-kinds.js";
import { measuresOfTotals } from "../../model/measures.js";
import type { DurationsView, JobView, Outcome, ThroughputSample, WorkerView } from "../../model/job-view.js";
import type { Cluster, Worker } from "../cluster/cluster.js";
import type { Durations } from "../job/durations.js";
import { type JobState, hasEnded } from "../job/job.js";
import type { Attempt, Task } from "../job/task.js";
import type { FailedSpan, NamedSpan, Span } from "../job/timeline.js";
import { countTasks } from "./snapshot.js";

const workersMax = 500;
const largestPartitionsMax = 10;
const partitionEntriesMax = 500;
const failureDetailsMax = 20;

/** What the scheduler does not know: the time of day, and the shell's measurements. */
export interface ShellView {
  readonly startedAtEpochMs: number;
  readonly throughput: readonly ThroughputSample[];
}

/**
 * Returns the full view of the job, for the page and the report. Takes time proportional to what it shows, not to the
 * job.
 */
export function takeJobView(
  { workers }: Cluster,
  state: JobState,
  now: number,
  { startedAtEpochMs, throughput }: ShellView,
): JobView {
  const { timeline, settings, startedAtMs } = state;
  const list = [...workers.values()].slice(0, workersMax);
  const cut = cutShort(workers, state, now);
  return {
    version: 1,
    job: settings.id,
    ...(state.app === undefined ? {} : { app: state.app.name, input: inputText(state.app) }),
    args: Object.entries(state.args ?? {}),
    directory: settings.directory,
    phase: state.phase,
    startedAtEpochMs,
    elapsedMs: now - startedAtMs,
    ...(state.failure === undefined ? {} : { failure: failureOf(state.failure) }),
    samples: countTasks(state, "sample", state.samples.length),
    maps: countTasks(state, "map", state.maps.length),
    combines: countTasks(state, "combine", state.combines.length),
    reduces: countTasks(state, "reduce", state.reduces.length),
    map: measuresOfTotals(state.measures.map),
    reduce: measuresOfTotals(state.measures.reduce),
    processed: { map: { ...timeline.processed.map }, reduce: { ...timeline.processed.reduce } },
    ended: kinds.flatMap((kind) => endedOf(timeline.ended(kind), kind, cut)),
    backups: { begun: state.attempts.backup, won: state.attempts.backupWon, savedMs: state.attempts.backupSavedMs },
    mapsLost: state.mapsLost,
    recordsSkipped: state.skipped.length,
    warnings: { list: state.warnings.list, omitted: state.warnings.omitted },
    workers: { list: list.map((worker) => workerOf(state, worker)), omitted: workers.size - list.length },
    timeline: {
      spans: [...timeline.spans.map((span) => spanOf(state, span)), ...cut],
      omitted: timeline.spansOmitted,
    },
    slowest: kinds.flatMap((kind) => timeline.slowest(kind).map((slow) => slowTaskOf(state, slow))),
    durations: {
      sample: durationsOf(timeline.durations.sample),
      map: durationsOf(timeline.durations.map),
      combine: durationsOf(timeline.durations.combine),
      reduce: durationsOf(timeline.durations.reduce),
    },
    failures: {
      list: timeline.failures.map((failed) => failedAttemptOf(state, failed)),
      omitted: timeline.failuresOmitted,
    },
    partitions: partitionsOf(state.partitionBytes),
    combined: [...state.combinesOf].map(([partition, tasks]) => ({
      partition,
      bytes: state.partitionBytes[partition] ?? 0,
      tasks: tasks.filter(({ commit }) => commit?.combined !== undefined).length,
    })),
    throughput: [...throughput],
  };
}

/** Measures the progress of the job. Running attempts count; of two attempts of a task, only the one further along. */
export function takeThroughput(state: JobState, now: number): ThroughputSample {
  const { map, reduce } = state.measures;
  const done = { map: { records: map.recordsIn, bytes: map.bytesIn }, reduce: { records: 0, bytes: 0 } };
  done.reduce = { records: reduce.recordsIn, bytes: reduce.bytesIn };
  for (const { kind, attempts } of state.inProgress) {
    if (kind === "sample" || kind === "combine") continue;
    let [records, bytes] = [0, 0];
    for (const attempt of attempts.values()) {
      records = Math.max(records, attempt.records);
      bytes = Math.max(bytes, attempt.bytes);
    }
    done[kind].records += records;
    done[kind].bytes += bytes;
  }
  return {
    atMs: now - state.startedAtMs,
    mapRecords: done.map.records,
    mapBytes: done.map.bytes,
    reduceRecords: done.reduce.records,
    reduceBytes: done.reduce.bytes,
  };
}

const kinds = ["sample", "map", "combine", "reduce"] as const;

function failureOf({ message, stack, details }: NonNullable<JobState["failure"]>): JobView["failure"] {
  const shown = details?.slice(0, failureDetailsMax) ?? [];
  return { message, ...(stack === undefined ? {} : { stack }), details: [...shown] };
}

function workerOf(state: JobState, worker: Worker): WorkerView {
  const { id, pid, host, memoryBytes, committed, lost, running } = worker;
  const seen = { id, pid, host, isSilent: worker.state === "silent", memoryBytes, committed, lost };
  // The timeline contains the attempts that ran at the end.
  if (running?.job !== state || hasEnded(state)) return seen;
  return { ...seen, running: runningOf(state, running.task, running.attempt) };
}

function runningOf(state: JobState, task: Task, attempt: Attempt): NonNullable<WorkerView["running"]> {
  const { number, startedAtMs, isBackup, records, bytes } = attempt;
  const startMs = startedAtMs - state.startedAtMs;
  return { kind: task.kind, task: task.index, attempt: number, startMs, isBackup, records, bytes };
}

/** How many attempts ended in which way, including attempts cut short: each that the timeline shows is counted. */
function endedOf(
  ended: ReadonlyMap<Outcome, number>,
  kind: Task["kind"],
  cut: JobView["timeline"]["spans"],
): JobView["ended"] {
  const counts = new Map(ended);
  const cutOfKind = cut.filter((span) => span.kind === kind).length;
  if (cutOfKind > 0) counts.set("cancelled", (counts.get("cancelled") ?? 0) + cutOfKind);
  return [...counts].map(([outcome, count]) => ({ kind, outcome, count }));
}

/**
 * The attempts that were running when the job ended early: their workers are told to leave, and the attempts are lost.
 */
function cutShort(workers: Cluster["workers"], state: JobState, now: number): JobView["timeline"]["spans"] {
  if (!hasEnded(state)) return [];
  return [...workers.values()].flatMap(({ id: worker, running }) => {
    if (running?.job !== state) return [];
    const seen = runningOf(state, running.task, running.attempt);
    return [{ ...seen, worker, count: 1, outcome: "cancelled" as const, endMs: now - state.startedAtMs }];
  });
}

function placeOf(state: JobState, { kind, task, attempt, worker, startedAtMs, endedAtMs }: Readonly<Span>) {
  const { startedAtMs: beganMs } = state;
  return { kind, task, attempt, worker, startMs: startedAtMs - beganMs, endMs: endedAtMs - beganMs };
}

function spanOf(state: JobState, span: Readonly<Span>): JobView["timeline"]["spans"][number] {
  const { count, outcome, isBackup, records, bytes } = span;
  return { ...placeOf(state, span), count, outcome, isBackup, records, bytes };
}

function slowTaskOf(state: JobState, { span, file }: NamedSpan): JobView["slowest"][number] {
  return { ...placeOf(state, span), ...(file === undefined ? {} : { file }) };
}

function failedAttemptOf(state: JobState, failed: FailedSpan): JobView["failures"]["list"][number] {
  const { span, file, message, stack, record, output } = failed;
  return {
    ...placeOf(state, span),
    outcome: span.outcome,
    message,
    ...(file === undefined ? {} : { file }),
    ...(stack === undefined ? {} : { stack }),
    ...(record === undefined ? {} : { record }),
    ...(output === undefined ? {} : { output }),
  };
}

function durationsOf(durations: Durations): DurationsView {
  const { count, totalMs, medianMs, maxMs } = durations;
  return { count, totalMs, medianMs, maxMs, buckets: durations.buckets() };
}

function partitionsOf(partitionBytes: Float64Array): JobView["partitions"] {
  const count = partitionBytes.length;
  const bySize = [...partitionBytes.entries()].sort(([, a], [, b]) => b - a);
  const perEntry = Math.max(1, Math.ceil(count / partitionEntriesMax));
  const entries = Array.from({ length: Math.ceil(count / perEntry) }, (_, entry) => {
    return partitionBytes.subarray(entry * perEntry, (entry + 1) * perEntry).reduce((a, b) => Math.max(a, b), 0);
  });
  return {
    count,
    totalBytes: partitionBytes.reduce((sum, bytes) => sum + bytes, 0),
    medianBytes: bySize[Math.floor(count / 2)]?.[1] ?? 0,
    largest: bySize.slice(0, largestPartitionsMax).map(([partition, bytes]) => ({ partition, bytes })),
    perEntry,
    bytes: entries,
  };
}
