import type { Counter, JsonValue, SideFile, TaskContext } from "../app/contract.js";
import type { OutputSettings } from "../output/output-format.js";
import type { TextKeyEnd } from "../output/text-key-end.js";
import { counterCharactersMax, counterMax, countersMax } from "../rpc/attempt-limits.js";
import type { Measures } from "../rpc/measures.js";
import { ArgReads } from "./arg-reads.js";
import type { ArgUse, AttemptRef, RecordPlace, SharedFile } from "../rpc/protocol.js";
import { EmitGate } from "./emit-gate.js";
import type { PendingWork } from "./pending-work.js";
import type { ReserveStarts } from "./start-pacer.js";
import { SideFiles, type PreparedSideFile } from "./side-files.js";

/** What one attempt runs with, besides its data. */
export interface AttemptSettings {
  readonly ref: AttemptRef;
  readonly jobId: string;
  /** With none, each map task writes an output file. */
  readonly reducers: number;
  /** The keys at which partitions 1, 2, … begin, for a map attempt; undefined when keys are hashed. */
  readonly boundaries: readonly string[] | undefined;
  readonly output: OutputSettings;
  /** Where the attempt's files go. */
  readonly directory: string;
  /** How much memory the pairs of a map attempt may take before they are spilled. */
  readonly collectorBytes: number;
  /** What the names of intermediate files begin with: see the protocol. */
  readonly intermediatePrefix: string;
  readonly args: Readonly<Record<string, string>>;
  /** Notes which of them the app reads. */
  readonly argReads?: ArgReads | undefined;
  /** The files that the app may read. */
  readonly files: readonly SharedFile[];
  /** Aborted when the attempt is revoked. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** How many records of a map attempt may be in flight; undefined when the app decides. */
  readonly mapConcurrency?: number | undefined;
  /** How many calls of `map` may begin in a second in the job, and how they are reserved; undefined when there is no limit. */
  readonly ratePerSecond?: number | undefined;
  readonly reserveStarts?: ReserveStarts | undefined;
  /**
   * Whether a map attempt keeps on the disk which record it is at, since its whole process may die of it. There is one at a
   * time then.
   */
  readonly marksRecords: boolean;
  /** Whether a map attempt looks if `combine` changes what `reduce` gives (`combine-check.ts`). */
  readonly checksCombine?: boolean | undefined;
  /** Finds what the app has not awaited; left out when nobody looks for it. */
  readonly work?: PendingWork | undefined;
  /** Told what the attempt has written to its output, key and value. */
  readonly onOutput?: ((key: string, value: JsonValue) => void) | undefined;
}

/** To be given to `beginRecord` while `setup` or `teardown` is at work: it has its time, and no record is to blame. */
export const hookAtWork = -1;

/**
 * To be given to `beginRecord` while several records are at work: if the attempt ends now without an error of its own, nobody
 * knows which of them is to blame.
 */
export const severalAtWork = -2;

/** Told how far the attempt is. */
export interface Progress {
  /** What `beginRecord` was told last. */
  readonly record: number;
  /** So many records were mapped or values reduced so far, and so many bytes of the input read if that is known. */
  set(records: number, bytes: number): void;
  /**
   * From now on a record is at work: that of a map which begins at `offset`, in bytes, or a key of a reduce. `NaN`: none
   * is, and the engine takes the time that it takes. `hookAtWork`: none is, and the app is at work all the same.
   */
  beginRecord(offset: number): void;
  /** The app has taken one more value of the key at work from the stream of them. */
  takeValue(): void;
}

/** Progress that is told to another one, but for what is given here. */
export function progressThrough(progress: Progress, own: Partial<Omit<Progress, "record">>): Progress {
  return {
    // Not a copy of what it is now.
    get record() {
      return progress.record;
    },
    set: (records, bytes) => progress.set(records, bytes),
    beginRecord: (offset) => progress.beginRecord(offset),
    takeValue: () => progress.takeValue(),
    ...own,
  };
}

/** A finished file of an attempt, still under its temporary name. */
export interface PreparedFile {
  readonly temporaryPath: string;
  readonly finalPath: string;
  readonly partition: number;
  readonly bytes: number;
  /** CRC-32 of the whole file. */
  readonly checksum: number;
  /** Of an output file: see `RecordWriter`. */
  readonly textKeyEnd?: TextKeyEnd;
}

/** What an attempt made: to be committed, or removed. */
export interface AttemptResult extends Readonly<Measures> {
  readonly files: readonly PreparedFile[];
  /** The records that were not given to `map`, as the assignment said. */
  readonly skipped: readonly RecordPlace[];
  /** What a sample task has found. */
  readonly sampled?: string[];
  readonly sideFiles: readonly PreparedSideFile[];
  /** What the user is to be told once the attempt is committed. */
  readonly warnings: readonly string[];
  /** Which values of `--arg` the app has read; left out when the job has none. */
  readonly argUse?: ArgUse | undefined;
}

/** Whether the task makes an output file, and not files for reduce tasks. */
export function makesOutput({ kind }: Pick<AttemptRef, "kind">, reducers: number): boolean {
  return kind === "reduce" || reducers === 0;
}

/** The part of the context that `map` and `reduce` have in common, and what was counted through it. */
export abstract class AttemptContext implements TaskContext {
  abstract readonly kind: TaskContext["kind"];
  readonly task: number;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly work: PendingWork | undefined;
  readonly sideFiles: SideFiles;
  readonly #files: readonly SharedFile[];
  readonly #argReads: ArgReads;
  /** What the app has put in the place of its args. */
  #ownArgs: Readonly<Record<string, string>> | undefined;
  readonly #counts = new Map<string, number>();
  readonly gate: EmitGate;

  constructor(settings: AttemptSettings) {
    const { ref, signal, work } = settings;
    this.#files = settings.files;
    this.work = work;
    this.gate = work?.newGate() ?? new EmitGate(`${ref.kind} ${ref.task}`);
    this.sideFiles = new SideFiles(settings, this.gate);
    this.#argReads = settings.argReads ?? new ArgReads(settings.args);
    this.task = ref.task;
    this.attempt = ref.attempt;
    this.signal = signal;
  }

  get args(): Readonly<Record<string, string>> {
    return this.#ownArgs ?? this.#argReads.args;
  }

  set args(args: Readonly<Record<string, string>>) {
    this.#ownArgs = args;
  }

  log(message: string): void {
    console.error(message);
  }

  file(name: string): string {
    const found = this.#files.find((file) => file.name === name);
    if (found !== undefined) return found.path;
    const names = this.#files.map((file) => file.name).join(", ");
    throw new Error(`the job has no --file ${name}; ${names === "" ? "it has none" : `it has ${names}`}`);
  }

  sideFile(name: string): SideFile {
    return this.sideFiles.get(name);
  }

  counter(name: string): Counter {
    requireCounterName(name);
    const { gate } = this;
    return {
      add: (n = 1) => {
        if (gate.admits("add of a counter")) this.count(name, n);
      },
    };
  }

  /** Adds to a counter, whatever the gate says. Throws when the sum, or one more counter, cannot be had. */
  count(name: string, n: number): void {
    requireCountable(name, n);
    const counts = this.#counts;
    const before = counts.get(name);
    if (before === undefined && counts.size >= countersMax) {
      throw new RangeError(`counter ${name}: a task may have ${countersMax} counters; emit pairs to count more`);
    }
    const sum = (before ?? 0) + n;
    if (Math.abs(sum) > counterMax) throw new RangeError(`counter ${name}: ${sum} is too large for a counter`);
    counts.set(name, sum);
  }

  /** From now on nothing can be emitted; what the app has started may still be looked for. */
  end(): void {
    if (this.work === undefined) this.gate.phase.close();
    else this.gate.phase.settle();
  }

  /** The attempt has failed: from now on what the app still emits is dropped. */
  abandon(): void {
    this.gate.phase.disown();
  }

  /** What was counted, by name. */
  counts(): [string, number][] {
    return [...this.#counts];
  }
}

/** Throws when a counter cannot have that name. */
export function requireCounterName(name: unknown): void {
  if (typeof name !== "string") throw new TypeError(`the name of a counter is a string, not ${typeof name}`);
  if (name.length <= counterCharactersMax) return;
  throw new RangeError(`counter ${name.slice(0, 20)}…: the name is longer than ${counterCharactersMax} characters`);
}

/** Throws a TypeError when that cannot be added to a counter. */
export function requireCountable(name: string, n: number): void {
  if (!Number.isFinite(n)) throw new TypeError(`counter ${name}: cannot add ${n}`);
}
