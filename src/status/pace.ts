import type { Snapshot } from "../model/snapshot.js";

/** How fast a job proceeds in its phase. A rate is undefined until it is known. */
export interface Rates {
  readonly recordsPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** The estimated time to the end of the phase at the average rate. Also undefined while no task makes progress. */
  readonly leftMs: number | undefined;
}

type Kind = "map" | "reduce";

interface Done {
  readonly atMs: number;
  readonly records: number;
  readonly bytes: number;
  readonly tasks: number;
}

const unknown: Rates = { recordsPerSecond: undefined, bytesPerSecond: undefined, leftMs: undefined };
/** The window for rates: workers report their progress only now and then. */
const windowMs = 5000;
/** The shortest time over which a rate is reported. */
const spanMinMs = 1000;
/** A running task may be longer than earlier ones: it never counts as done. */
const shareMax = 0.95;

/** Derives how fast a job proceeds from its snapshots. */
export class Pace {
  #kind: Kind | undefined;
  #first: Done | undefined;
  #recent: Done[] = [];

  note(snapshot: Snapshot): Rates {
    const { phase } = snapshot;
    if (phase !== "map" && phase !== "reduce") return unknown;
    const now = doneOf(snapshot, phase);
    if (phase !== this.#kind) {
      this.#kind = phase;
      this.#first = now;
      this.#recent = [];
    }
    this.#recent.push(now);
    // The window begins with the newest of the older samples.
    while ((this.#recent[1]?.atMs ?? Infinity) <= now.atMs - windowMs) this.#recent.shift();
    const [begin = now] = this.#recent;
    const tookMs = now.atMs - begin.atMs;
    // An extraordinary task is running then, and the average would only predict more time with every second.
    const isStuck = tookMs >= windowMs && now.tasks === begin.tasks;
    const total = phase === "map" ? snapshot.maps.total : snapshot.reduces.total;
    const leftMs = isStuck ? undefined : this.#leftMs(now, total);
    if (tookMs < spanMinMs) return { ...unknown, leftMs };
    // The work of a lost attempt no longer counts.
    const perSecond = (amount: number) => (Math.max(0, amount) / tookMs) * 1000;
    return {
      recordsPerSecond: perSecond(now.records - begin.records),
      bytesPerSecond: perSecond(now.bytes - begin.bytes),
      leftMs,
    };
  }

  /** By tasks, because the size of compressed inputs is unknown. */
  #leftMs(now: Done, total: number): number | undefined {
    // In a resumed job, earlier work does not count for this run.
    const { atMs, tasks } = this.#first ?? now;
    const [tookMs, done] = [now.atMs - atMs, now.tasks - tasks];
    return tookMs < spanMinMs || done <= 0 ? undefined : (tookMs * (total - now.tasks)) / done;
  }
}

/** How many tasks are done, counting running tasks in part, estimated from the finished ones. */
export function tasksDone(snapshot: Snapshot, kind: Kind): number {
  return doneOf(snapshot, kind).tasks;
}

function doneOf(snapshot: Snapshot, kind: Kind): Done {
  const { recordsIn, bytesIn } = snapshot[kind];
  const { completed } = kind === "map" ? snapshot.maps : snapshot.reduces;
  // Of two attempts of a task, the one further along.
  const running = new Map<number, { records: number; bytes: number }>();
  for (const { running: attempt } of snapshot.workers) {
    if (attempt?.ref.kind !== kind) continue;
    const { records, bytes, ref } = attempt;
    const other = running.get(ref.task);
    running.set(ref.task, {
      records: Math.max(records, other?.records ?? 0),
      bytes: Math.max(bytes, other?.bytes ?? 0),
    });
  }
  // The bytes of a reduce attempt are unknown until its end.
  const [measure, whole] = kind === "map" ? (["bytes", bytesIn] as const) : (["records", recordsIn] as const);
  const mean = completed === 0 ? Infinity : whole / completed;
  let [records, bytes, tasks] = [recordsIn, bytesIn, completed];
  for (const attempt of running.values()) {
    records += attempt.records;
    bytes += attempt.bytes;
    tasks += Math.min(shareMax, mean === 0 ? 0 : attempt[measure] / mean);
  }
  return { atMs: snapshot.elapsedMs, records, bytes, tasks };
}
