import type { Snapshot } from "../rpc/protocol.js";

/** How fast a job goes in its phase. What cannot be said yet is undefined. */
export interface Rates {
  readonly recordsPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** Until the end of the phase, if it goes on as it did on the average. Undefined, too, while no task gets on. */
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
/** Rates are taken over so long a time: workers tell how far they are now and then only. */
const windowMs = 5000;
/** Nothing is said of a shorter time. */
const spanMinMs = 1000;
/** A task that runs may be longer than those before it: it is never taken for done. */
const shareMax = 0.95;

/** Watches the snapshots of a job for how fast it goes. */
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
    // The newest of those that are older than the window is its begin.
    while ((this.#recent[1]?.atMs ?? Infinity) <= now.atMs - windowMs) this.#recent.shift();
    const [begin = now] = this.#recent;
    const tookMs = now.atMs - begin.atMs;
    // A task that is out of the ordinary is at work then, and the average says nothing of it but more each second.
    const isStuck = tookMs >= windowMs && now.tasks === begin.tasks;
    const total = phase === "map" ? snapshot.maps.total : snapshot.reduces.total;
    const leftMs = isStuck ? undefined : this.#leftMs(now, total);
    if (tookMs < spanMinMs) return { ...unknown, leftMs };
    // What a lost attempt had done is not done any more.
    const perSecond = (amount: number) => (Math.max(0, amount) / tookMs) * 1000;
    return {
      recordsPerSecond: perSecond(now.records - begin.records),
      bytesPerSecond: perSecond(now.bytes - begin.bytes),
      leftMs,
    };
  }

  /** By tasks, since nobody knows how many bytes the inputs have that are compressed. */
  #leftMs(now: Done, total: number): number | undefined {
    // What was done before is not of this run, when it has been resumed.
    const { atMs, tasks } = this.#first ?? now;
    const [tookMs, done] = [now.atMs - atMs, now.tasks - tasks];
    return tookMs < spanMinMs || done <= 0 ? undefined : (tookMs * (total - now.tasks)) / done;
  }
}

/** How many tasks are done, those that run by their share, as far as it can be told from those that are done. */
export function tasksDone(snapshot: Snapshot, kind: Kind): number {
  return doneOf(snapshot, kind).tasks;
}

function doneOf(snapshot: Snapshot, kind: Kind): Done {
  const { recordsIn, bytesIn } = snapshot[kind];
  const { completed } = kind === "map" ? snapshot.maps : snapshot.reduces;
  // Of two attempts of a task the one that is further.
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
  // Of a reduce attempt no bytes are known before its end.
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
