/** What the ledger writes down of tasks, attempts and workers. */
import { isDeepStrictEqual } from "node:util";
import type { AttemptRef, FailureClass, OutputFile, Split } from "../../../src/rpc/protocol.js";

export interface TaskPage {
  readonly ref: Pick<AttemptRef, "kind" | "task">;
  readonly splits: readonly Split[] | undefined;
  begun: number;
  backups: number;
  /** The attempts that count against it. */
  losses: { readonly isCrash: boolean; readonly record: number | undefined }[];
  /** When each attempt was lost that could not read or write a file. */
  readonly ioLossesMs: number[];
  filesLost: number;
  readonly skip: Set<number>;
  readonly failedOn: Set<string>;
  readonly lives: Set<Life>;
  /** Whose attempts they were when the coordinator died. */
  readonly orphans: Map<number, string>;
  /** The one attempt that was accepted, and its files. */
  accepted:
    | {
        readonly attempt: number;
        readonly outputs: readonly OutputFile[];
        readonly sampled?: readonly string[] | undefined;
      }
    | undefined;
}

/** An attempt that lives: given out, and neither ended, revoked nor lost. */
export interface Life {
  readonly task: TaskPage;
  readonly ref: AttemptRef;
  readonly startedAtMs: number;
  readonly mapsLostBefore: number;
  /** The records that it was told to leave out. */
  readonly skip: ReadonlySet<number>;
  granted: boolean;
}

export interface WorkerPage {
  readonly id: string;
  lastHeardMs: number;
  silent: boolean;
  pinged: boolean;
  life: Life | undefined;
  /** Its RequestTask that has no answer yet. */
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

/** The worker's attempt of that name, if it lives. */
export function lifeOf(worker: WorkerPage, ref: AttemptRef): Life | undefined {
  const own = worker.life?.ref;
  return own?.kind === ref.kind && own.task === ref.task && own.attempt === ref.attempt ? worker.life : undefined;
}

/** The worker's attempt lives no longer. */
export function end(worker: WorkerPage): Life | undefined {
  const { life } = worker;
  life?.task.lives.delete(life);
  worker.life = undefined;
  return life;
}

export function crashesOf(task: TaskPage): number {
  return task.losses.filter(({ isCrash }) => isCrash).length;
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

/** The message is made only when it is needed: a simulation asks a million times. */
export function must(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Error(`the ledger says: ${message()}`);
}
