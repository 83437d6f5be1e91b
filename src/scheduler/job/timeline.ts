/**
 * The ended attempts of a job, for the status page and the report. No decision depends on it.
 *
 * Its size is bounded. A job may have 50,000 tasks with many attempts each, but a picture can show only a few thousand.
 * When there are too many spans, consecutive spans of one worker that are too short to tell apart are merged, at a
 * resolution that doubles until half as many are left. So each span is visited only a few times, however long the job
 * runs.
 */
import { flowNames, noFlow, type Flow } from "../../model/measures.js";
import type { AttemptOutcome, AttemptRef } from "../../model/attempt.js";
import type { Outcome } from "../../model/job-view.js";
import { locate } from "../../model/record-position.js";
import { Durations } from "./durations.js";
import { filesText } from "./task.js";

const spansMax = 2000;
const slowestMax = 10;
/** Keeps the first failures, because later ones often follow from them, and the latest. */
const [firstFailuresMax, failuresMax] = [20, 100];
/** Limits on texts of unbounded length. */
const [messageLengthMax, textLengthMax] = [2000, 8000];

/** An attempt that has ended, or several merged ones. Times are those passed to `step`. */
export interface Span {
  readonly kind: AttemptRef["kind"];
  readonly task: number;
  readonly attempt: number;
  readonly worker: string;
  count: number;
  readonly startedAtMs: number;
  endedAtMs: number;
  readonly outcome: Outcome;
  readonly isBackup: boolean;
  records: number;
  bytes: number;
}

/** An attempt and the file that it read, for lists of single attempts. */
export interface NamedSpan {
  readonly span: Readonly<Span>;
  readonly file: string | undefined;
}

export interface FailedSpan extends NamedSpan {
  readonly message: string;
  readonly stack: string | undefined;
  readonly record: number | undefined;
  readonly output: string | undefined;
}

/** The properties of a task that the timeline needs. */
interface Task {
  readonly kind: AttemptRef["kind"];
  readonly index: number;
  readonly splits?: readonly { readonly file: string }[];
}

/** The properties of an attempt that the timeline needs. */
type Attempt = Pick<Span, "worker" | "startedAtMs" | "isBackup"> & {
  readonly number: number;
  /** Its progress, in records. */
  readonly records: number;
  readonly bytes: number;
};

type Loss = Omit<Extract<AttemptOutcome, { type: "failed" }>, "type">;

export class Timeline {
  #spans: Span[] = [];
  #resolutionMs = 1;
  #spansOmitted = 0;
  readonly #failures: FailedSpan[] = [];
  #failuresOmitted = 0;
  readonly #slowest: Record<Span["kind"], NamedSpan[]> = { sample: [], map: [], combine: [], reduce: [] };
  readonly #ended = {
    sample: new Map<Outcome, number>(),
    map: new Map<Outcome, number>(),
    combine: new Map<Outcome, number>(),
    reduce: new Map<Outcome, number>(),
  };
  readonly durations = {
    sample: new Durations(),
    map: new Durations(),
    combine: new Durations(),
    reduce: new Durations(),
  };
  /** Sums over everything ever committed; they never decrease. */
  readonly processed = { sample: noFlow(), map: noFlow(), combine: noFlow(), reduce: noFlow() };

  /** Roughly in the order in which they ended. */
  get spans(): readonly Readonly<Span>[] {
    return this.#spans;
  }

  /** The number of oldest attempts whose spans were dropped. */
  get spansOmitted(): number {
    return this.#spansOmitted;
  }

  get failures(): readonly FailedSpan[] {
    return this.#failures;
  }

  get failuresOmitted(): number {
    return this.#failuresOmitted;
  }

  /** The slowest committed attempts, slowest first. */
  slowest(kind: Task["kind"]): readonly NamedSpan[] {
    return this.#slowest[kind];
  }

  /** How many attempts ended in which way. */
  ended(kind: Task["kind"]): ReadonlyMap<Outcome, number> {
    return this.#ended[kind];
  }

  addCommitted(task: Task, attempt: Attempt, done: Readonly<Flow>, now: number): void {
    const span = { ...this.#add(task, attempt, "committed", now, done.recordsIn, done.bytesIn) };
    const { kind } = task;
    const processed = this.processed[kind];
    for (const name of flowNames) processed[name] += done[name];
    const tookMs = now - attempt.startedAtMs;
    this.durations[kind].add(tookMs);
    const slowest = this.#slowest[kind];
    const faster = slowest.findIndex((other) => tookMs > other.span.endedAtMs - other.span.startedAtMs);
    if (faster === -1 && slowest.length === slowestMax) return;
    slowest.splice(faster === -1 ? slowest.length : faster, 0, { span, file: filesText(task.splits) });
    if (slowest.length > slowestMax) slowest.pop();
  }

  /** The attempt was taken away from its worker, or its worker was told to leave. */
  addCancelled(task: Task, attempt: Attempt, now: number): void {
    this.#add(task, attempt, "cancelled", now, attempt.records, attempt.bytes);
  }

  /** The attempt failed, or its fate is unknown. */
  addLost(task: Task, attempt: Attempt, loss: Loss, now: number): void {
    if (loss.class === "released") {
      this.addCancelled(task, attempt, now);
      return;
    }
    const span = { ...this.#add(task, attempt, loss.class, now, attempt.records, attempt.bytes) };
    const { splits = [] } = task;
    const at = loss.record === undefined ? undefined : locate(loss.record, splits);
    this.#failures.push({
      span,
      file: at?.split.file ?? filesText(splits),
      message: loss.message.slice(0, messageLengthMax),
      stack: loss.stack?.slice(0, textLengthMax),
      record: at?.offset,
      output: loss.output?.slice(-textLengthMax),
    });
    if (this.#failures.length <= failuresMax) return;
    this.#failures.splice(firstFailuresMax, 1);
    this.#failuresOmitted += 1;
  }

  #add(task: Task, attempt: Attempt, outcome: Outcome, now: number, records: number, bytes: number): Span {
    const { kind, index } = task;
    const { number, worker, startedAtMs, isBackup } = attempt;
    const times = { count: 1, startedAtMs, endedAtMs: now };
    const span = { kind, task: index, attempt: number, worker, ...times, outcome, isBackup, records, bytes };
    this.#spans.push(span);
    this.#ended[kind].set(outcome, (this.#ended[kind].get(outcome) ?? 0) + 1);
    if (this.#spans.length > spansMax) this.#merge(now);
    return span;
  }

  #merge(now: number): void {
    const firstMs = this.#spans.reduce((least, { startedAtMs }) => Math.min(least, startedAtMs), now);
    this.#spans = merged(this.#spans, this.#resolutionMs);
    while (this.#spans.length > spansMax / 2 && this.#resolutionMs < now - firstMs) {
      this.#resolutionMs *= 2;
      this.#spans = merged(this.#spans, this.#resolutionMs);
    }
    // With too many workers or failures to merge, the oldest spans are dropped.
    const dropped = this.#spans.splice(0, Math.max(0, this.#spans.length - spansMax / 2));
    for (const { count } of dropped) this.#spansOmitted += count;
  }
}

/** Merges adjacent spans of one worker with the same outcome, if the result is no longer than `resolutionMs`. */
function merged(spans: readonly Span[], resolutionMs: number): Span[] {
  const last = new Map<string, Span>();
  return spans.filter((span) => {
    const before = last.get(span.worker);
    if (before === undefined || !isSimilar(before, span) || span.endedAtMs - before.startedAtMs > resolutionMs) {
      last.set(span.worker, span);
      return true;
    }
    before.count += span.count;
    before.endedAtMs = span.endedAtMs;
    before.records += span.records;
    before.bytes += span.bytes;
    return false;
  });
}

function isSimilar(a: Span, b: Span): boolean {
  return a.kind === b.kind && a.outcome === b.outcome && a.isBackup === b.isBackup;
}
