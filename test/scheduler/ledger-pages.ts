/** The ledger's records of tasks, attempts and workers. */
import { isDeepStrictEqual } from "node:util";
import type { MapRange } from "../../src/scheduler/job/task.js";
import type { AttemptRef, FailureClass, JobAttemptRef, OutputFile } from "../../src/model/attempt.js";
import type { Split } from "../../src/model/split.js";

export interface TaskPage {
  readonly ref: Pick<AttemptRef, "kind" | "task">;
  readonly splits: readonly Split[] | undefined;
  /** Of a combine task: what it merges. */
  range?: MapRange;
  begun: number;
  backups: number;
  /** The attempts that count against it. */
  losses: { readonly isCrash: boolean; readonly record: number | undefined }[];
  /** When each attempt that could not read or write a file was lost. */
  readonly ioLossesMs: number[];
  filesLost: number;
  readonly skip: Set<number>;
  readonly failedOn: Set<string>;
  readonly lives: Set<Life>;
  /** The attempts that existed when the coordinator died, with their workers. */
  readonly orphans: Map<number, string>;
  /** The one accepted attempt, and its files. */
  accepted:
    | {
        readonly attempt: number;
        readonly outputs: readonly OutputFile[];
        readonly sampled?: readonly string[] | undefined;
      }
    | undefined;
}

/** A live attempt: assigned, and neither ended, revoked nor lost. */
export interface Life {
  readonly job: string;
  readonly task: TaskPage;
  readonly ref: AttemptRef;
  readonly startedAtMs: number;
  readonly mapsLostBefore: number;
  /** The records that it was told to skip. */
  readonly skip: ReadonlySet<number>;
  granted: boolean;
  /** What was last heard of it, and since when that is so. */
  progress: { readonly records: number; readonly bytes: number; readonly sinceMs: number };
}

/** An attempt that was accepted, since the coordinator began or was resumed. */
export interface Finished {
  readonly kind: AttemptRef["kind"];
  readonly tookMs: number;
  readonly records: number;
  readonly bytes: number;
}

export interface WorkerPage {
  readonly id: string;
  lastHeardMs: number;
  silent: boolean;
  pinged: boolean;
  life: Life | undefined;
  /** Its unanswered RequestTask. */
  asking: number | undefined;
}

/** Why an attempt was lost. */
export interface Loss {
  readonly class: FailureClass;
  readonly record?: number | undefined;
  readonly damaged?: readonly (readonly [number, number])[] | undefined;
}

export function newTask(kind: AttemptRef["kind"], task: number, splits?: readonly Split[]): TaskPage {
  return {
    ref: { kind, task },
    splits,
    begun: 0,
    backups: 0,
    losses: [],
    ioLossesMs: [],
    filesLost: 0,
    skip: new Set(),
    failedOn: new Set(),
    lives: new Set(),
    orphans: new Map(),
    accepted: undefined,
  };
}

/** The worker's attempt of that name, if it is live. */
export function lifeOf(worker: WorkerPage, ref: JobAttemptRef): Life | undefined {
  const own = worker.life?.job === ref.job ? worker.life.ref : undefined;
  return own?.kind === ref.kind && own.task === ref.task && own.attempt === ref.attempt ? worker.life : undefined;
}

/** The worker's attempt is no longer live. */
export function end(worker: WorkerPage): Life | undefined {
  const { life } = worker;
  life?.task.lives.delete(life);
  worker.life = undefined;
  return life;
}

export function crashesOf(task: TaskPage): number {
  return task.losses.filter(({ isCrash }) => isCrash).length;
}

/** Whether it reads files that maps wrote. */
export function readsMapFiles({ ref: { kind } }: TaskPage): boolean {
  return kind === "combine" || kind === "reduce";
}

export function sizeOf({ splits = [] }: TaskPage): number {
  return splits.reduce((sum, { startBytes, endBytes }) => sum + endBytes - startBytes, 0);
}

export function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

export function show(value: unknown): string {
  return JSON.stringify(value);
}

/** The message is built only when needed: a simulation checks a million times. */
export function must(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Error(`the ledger says: ${message()}`);
}
