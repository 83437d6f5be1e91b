/**
 * A job's view in Prometheus' text format 0.0.4. Names follow its conventions: base units (bytes, seconds), and
 * `_total` for values that never decrease. A value that a lost map reduces is a gauge.
 */
import type { DurationsView, JobView } from "../model/job-view.js";

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number, suffix?: string];

const phases = ["map", "reduce"] as const;

/** The text that a Prometheus server reads. */
export function metricsText(view: JobView): string {
  const { processed, backups, partitions, durations } = view;
  const perPhase = (valueOf: (phase: "map" | "reduce") => number): Sample[] => {
    return phases.map((phase) => [{ phase }, valueOf(phase)]);
  };
  const lines = [
    family("job_info", "gauge", "The job; always 1.", [[{ job: view.job, app: view.app ?? "" }, 1]]),
    family(
      "job_phase",
      "gauge",
      "1 for the phase that the job is in.",
      (["waiting", "map", "reduce", "done", "failed", "stopped"] as const).map((phase) => {
        return [{ phase }, phase === view.phase ? 1 : 0];
      }),
    ),
    family("job_start_time_seconds", "gauge", "When the job began, in seconds since 1970.", [
      [{}, view.startedAtEpochMs / 1000],
    ]),
    family("job_elapsed_seconds", "gauge", "How long the job has run.", [[{}, view.elapsedMs / 1000]]),
    family("tasks", "gauge", "Tasks by phase and state.", [
      ...tasks("sample", view.samples),
      ...tasks("map", view.maps),
      ...(view.combines === undefined ? [] : tasks("combine", view.combines)),
      ...tasks("reduce", view.reduces),
    ]),
    family(
      "attempts_ended_total",
      "counter",
      "Ended attempts of tasks, by outcome.",
      view.ended.map(({ kind, outcome, count }) => [{ phase: kind, outcome }, count]),
    ),
    family("backup_attempts_total", "counter", "Backup attempts begun.", [[{}, backups.begun]]),
    family("backup_attempts_won_total", "counter", "Backup attempts that committed first.", [[{}, backups.won]]),
    family("maps_lost_total", "counter", "Finished map tasks whose files were lost.", [[{}, view.mapsLost]]),
    family("skipped_records", "gauge", "Bad records that were skipped.", [[{}, view.recordsSkipped]]),
    family(
      "input_records_total",
      "counter",
      "Records given to map, values given to reduce, in committed attempts.",
      perPhase((phase) => processed[phase].recordsIn),
    ),
    family(
      "input_bytes_total",
      "counter",
      "Bytes read by committed attempts.",
      perPhase((phase) => processed[phase].bytesIn),
    ),
    family(
      "output_records_total",
      "counter",
      "Pairs emitted by map, lines written by reduce, in committed attempts.",
      perPhase((phase) => processed[phase].recordsOut),
    ),
    family(
      "output_bytes_total",
      "counter",
      "Bytes written by committed attempts.",
      perPhase((phase) => processed[phase].bytesOut),
    ),
    family(
      "attempt_duration_seconds",
      "histogram",
      "Durations of committed attempts.",
      phases.flatMap((phase) => histogram(phase, durations[phase])),
    ),
    family("partition_bytes", "gauge", "Input of the reduce tasks: the total, the largest and the median.", [
      [{ partition: "all" }, partitions.totalBytes],
      [{ partition: "largest" }, partitions.largest[0]?.bytes ?? 0],
      [{ partition: "median" }, partitions.medianBytes],
    ]),
    family("workers", "gauge", "Connected workers.", workersByState(view)),
    family(
      "worker_memory_bytes",
      "gauge",
      "Resident memory of a worker's process.",
      view.workers.list.map(({ id, memoryBytes }) => [{ worker: id }, memoryBytes]),
    ),
    family(
      "app_counted",
      "gauge",
      "The app's own counters, in committed attempts.",
      phases.flatMap((phase) => view[phase].counters.map(([name, n]): Sample => [{ phase, name }, n])),
    ),
  ];
  return lines.join("");
}

function tasks(phase: string, { idle, inProgress, completed }: JobView["maps"]): Sample[] {
  return [
    [{ phase, state: "idle" }, idle],
    [{ phase, state: "in_progress" }, inProgress],
    [{ phase, state: "completed" }, completed],
  ];
}

function workersByState({ workers: { list, omitted } }: JobView): Sample[] {
  const silent = list.filter(({ isSilent }) => isSilent).length;
  return [
    [{ state: "alive" }, list.length + omitted - silent],
    [{ state: "silent" }, silent],
  ];
}

function histogram(phase: string, { count, totalMs, buckets }: DurationsView): Sample[] {
  return [
    ...buckets.map(([ms, n]): Sample => [{ phase, le: String(ms / 1000) }, n, "_bucket"]),
    [{ phase, le: "+Inf" }, count, "_bucket"],
    [{ phase }, totalMs / 1000, "_sum"],
    [{ phase }, count, "_count"],
  ];
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return "";
  const full = `mapreduce_${name}`;
  const lines = samples.map(
    ([labels, value, suffix = ""]) => `${full}${suffix}${labelsText(labels)} ${numberText(value)}`,
  );
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join("\n")}\n`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** The value of a label may be any text; the format requires escapes for these three characters. */
function escaped(value: string): string {
  return value.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** In Go's syntax. */
function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
