/**
 * Lessons from a finished job for the next one: what ran out of memory, what took long, and why, if that is certain and
 * cost something. Of the time of a job of a few seconds it says nothing.
 */
import { basename } from "node:path";
import prettyMs from "pretty-ms";
import type { JobView } from "../model/job-view.js";

type Kind = "map" | "reduce";
type SlowTask = JobView["slowest"][number];
type Span = JobView["timeline"]["spans"][number];

/** Shorter times are not worth a line. */
const worthMs = 1000;
/** Workers may start a little late on a busy machine, which the user cannot change. */
const lateMs = 5000;
/** Smaller shares of the job's time are not worth a line. */
const worthShare = 0.2;
/** This many times the median is out of the ordinary. */
const farAbove = 2;
const slowTasksMax = 3;
const combinedMax = 3;
/** A reduce task reads this much in no time, however much more it is than the others'. */
const skewBytesMin = 2 ** 20;

/** One line for each thing that slowed this job down. */
export function advice(view: JobView): string[] {
  const skewed = skewedTask(view);
  return [
    memoryText(view),
    firstWorkerText(view),
    slowTasksText(view, "map"),
    aloneText(view, "map"),
    idleText(view, "map"),
    ...(skewed === undefined
      ? [slowTasksText(view, "reduce"), aloneText(view, "reduce")]
      : // That line also says what the others waited for.
        [skewText(view, skewed), slowTasksText(view, "reduce", skewed.task)]),
    ...combinedTexts(view),
    idleText(view, "reduce"),
  ].filter((text) => text !== undefined);
}

/** A job that passed although attempts ran out of memory may fail next time. */
function memoryText(view: JobView): string | undefined {
  const count = view.ended.filter(({ outcome }) => outcome === "memory").reduce((sum, { count }) => sum + count, 0);
  if (count === 0) return undefined;
  const [first] = view.failures.list.filter(({ outcome }) => outcome === "memory");
  const at = first?.record === undefined ? "" : ` at ${view.input === "own" ? "record" : "byte"} ${first.record}`;
  const where = first === undefined ? "" : `, first ${first.kind} task ${nameOf(first.task, first.file)}${at}`;
  const remedy =
    first?.kind === "reduce"
      ? "export reduceStream or combine, or make --workers smaller"
      : "make --split-size or --workers smaller";
  return `${count === 1 ? "an attempt" : `${count} attempts`} ran out of memory${where}: ${remedy}`;
}

function firstWorkerText(view: JobView): string | undefined {
  const { spans, omitted } = view.timeline;
  const waitedMs = Math.min(...spans.map(({ startMs }) => startMs));
  if (spans.length === 0 || omitted > 0 || waitedMs < lateMs || !isWorth(waitedMs, view)) return undefined;
  return `no worker joined for the first ${time(waitedMs)}`;
}

function slowTasksText(view: JobView, kind: Kind, toldOf?: number): string | undefined {
  const { count, medianMs } = view.durations[kind];
  const slow = view.slowest
    .filter((slow) => slow.kind === kind && slow.task !== toldOf)
    .map((task) => ({ ...task, tookMs: task.endMs - task.startMs }))
    .filter(({ tookMs }) => tookMs > Math.max(worthMs, farAbove * medianMs))
    .slice(0, slowTasksMax);
  // Of two tasks, one is always slower.
  if (count < 3 || slow.length === 0) return undefined;
  const tasks = slow.map(({ task, file, tookMs }) => `${nameOf(task, file)} took ${time(tookMs)}`);
  return `slow ${kind} tasks: ${tasks.join(", ")}; the median is ${time(medianMs)}`;
}

/** The reduce task that took long because it had far more to read than others. */
function skewedTask(view: JobView): SlowTask | undefined {
  const { count, medianBytes, largest } = view.partitions;
  const [first] = largest;
  if (count < 2 || first === undefined || first.bytes <= Math.max(farAbove * medianBytes, skewBytesMin))
    return undefined;
  // A combine function has already made its input shorter.
  if (combinedPartitions(view).some(({ partition }) => partition === first.partition)) return undefined;
  const task = view.slowest.find(({ kind, task }) => kind === "reduce" && task === first.partition);
  return task === undefined || !isWorth(task.endMs - task.startMs, view) ? undefined : task;
}

function skewText({ partitions }: JobView, { task, startMs, endMs }: SlowTask): string {
  const { totalBytes, medianBytes, largest } = partitions;
  const bytes = largest[0]?.bytes ?? 0;
  const share = `${Math.round((100 * bytes) / totalBytes)}% of the map output`;
  const times = medianBytes === 0 ? "" : `, ${Math.round(bytes / medianBytes)} times the median`;
  // The view does not show whether the app already has them.
  const help =
    "a different partition function may spread it, and a combine function, if the app has none, may reduce it";
  return `reduce task ${task} took ${time(endMs - startMs)}, since it had ${share}${times}: ${help}`;
}

/** The partitions whose reduce tasks read combined files. */
function combinedPartitions({ combined = [] }: JobView): NonNullable<JobView["combined"]> {
  return combined.filter(({ tasks }) => tasks > 0);
}

/** With many workers, a partition of a few percent has combine tasks, too. The largest ones are named. */
function combinedTexts(view: JobView): string[] {
  const bySize = combinedPartitions(view).toSorted((a, b) => b.bytes - a.bytes);
  const lines = bySize.slice(0, combinedMax).map(({ partition, bytes, tasks }) => {
    const share = Math.round((100 * bytes) / view.partitions.totalBytes);
    const shared = tasks === 1 ? "a combine task did part of its work" : `${tasks} combine tasks shared its work`;
    return `partition ${partition} had ${share}% of the map output, so ${shared}`;
  });
  const others = bySize.length - lines.length;
  if (others === 0) return lines;
  return [...lines, `combine tasks shared the work of ${others} more ${others === 1 ? "partition" : "partitions"}`];
}

/** The end of a phase, when one worker works and the others wait. */
function aloneText(view: JobView, kind: Kind): string | undefined {
  const { omitted } = view.timeline;
  const spans = spansOf(view, kind);
  const last = latest(spans.filter(({ outcome }) => outcome === "committed"));
  // Merged spans do not keep the time of each attempt.
  if (omitted > 0 || last?.count !== 1) return undefined;
  const other = latest(spans.filter(({ worker }) => worker !== last.worker));
  if (other === undefined) return undefined;
  const aloneMs = last.endMs - Math.max(last.startMs, other.endMs);
  if (!isWorth(aloneMs, view)) return undefined;
  const file = view.slowest.find((slow) => slow.kind === kind && slow.task === last.task)?.file;
  const waited = kind === "map" && view.reduces.total > 0 ? "all reduce tasks" : "all other workers";
  const help = kind === "map" ? splitText(view, file) : "more --reducers may help";
  return `${waited} waited ${time(aloneMs)} for ${kind} task ${nameOf(last.task, file)}: ${help}`;
}

/** How to get more and smaller map tasks. */
function splitText({ app, input }: JobView, file: string | undefined): string {
  if (input === "file" || input === "own") {
    return `smaller files help: ${app ?? "the app"} reads each of them in one piece`;
  }
  if (file !== undefined && (file.endsWith(".xz") || (/\.(gz|zst)$/.test(file) && input === "csv"))) {
    return "smaller files help: such a compressed one cannot be split";
  }
  // Whether it can be split depends on the version of Node.js.
  if (file?.endsWith(".zst") === true) return "smaller files help";
  return "a smaller --split-size helps";
}

/** Fewer tasks than workers. */
function idleText(view: JobView, kind: Kind): string | undefined {
  const { total } = kind === "map" ? view.maps : view.reduces;
  const workers = view.workers.list.length + view.workers.omitted;
  const spans = spansOf(view, kind);
  if (total === 0 || total >= workers || spans.length === 0 || view.timeline.omitted > 0) return undefined;
  const tookMs = Math.max(...spans.map(({ endMs }) => endMs)) - Math.min(...spans.map(({ startMs }) => startMs));
  if (!isWorth(tookMs, view)) return undefined;
  const slowest = view.slowest.find((slow) => slow.kind === kind);
  const help = kind === "map" ? splitText(view, slowest?.file) : `-r ${workers} would use them all`;
  return `there ${total === 1 ? `was 1 ${kind} task` : `were ${total} ${kind} tasks`} for ${workers} workers, in ${time(tookMs)}: ${help}`;
}

function spansOf(view: JobView, kind: Kind): Span[] {
  return view.timeline.spans.filter((span) => span.kind === kind);
}

function latest(spans: readonly Span[]): Span | undefined {
  return spans.reduce<Span | undefined>((a, b) => (a === undefined || b.endMs > a.endMs ? b : a), undefined);
}

function isWorth(ms: number, { elapsedMs }: JobView): boolean {
  return ms > worthMs && ms > worthShare * elapsedMs;
}

function nameOf(task: number, file: string | undefined): string {
  return file === undefined ? String(task) : `${task} (${basename(file)})`;
}

function time(ms: number): string {
  return prettyMs(ms, { secondsDecimalDigits: 1 });
}
