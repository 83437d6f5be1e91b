import type { Counter, EarlierCounters, JsonValue, SideFile, TaskContext } from "../app/contract.js";
import type { OutputSettings, TextKeyEnd } from "../model/output-format.js";
import { counterCharactersMax, counterMax, countersMax } from "../model/attempt-limits.js";
import type { Count, Measures } from "../model/measures.js";
import { ArgReads } from "./arg-reads.js";
import type { ArgUse, AttemptRef, NamedOutputs, NewlySkipped } from "../model/attempt.js";
import type { RecordPlace, SharedFile } from "../model/split.js";
import { EmitGate } from "./emit-gate.js";
import type { PendingWork } from "./pending-work.js";
import type { ReserveStarts } from "./start-pacer.js";
import { SideFiles, type PreparedSideFile } from "./side-files.js";

/** The settings of one attempt, besides its data. */
export interface AttemptSettings {
  readonly ref: AttemptRef;
  readonly jobId: string;
  /** With 0, each map task writes an output file. */
  readonly reducers: number;
  /** For a map attempt: the keys at which partitions 1, 2, … begin; undefined when keys are hashed. */
  readonly boundaries: readonly string[] | undefined;
  readonly output: OutputSettings;
  /** The directory for the attempt's files. */
  readonly directory: string;
  /** How much memory a map attempt's pairs may take before they are spilled. */
  readonly collectorBytes: number;
  /** The prefix of intermediate file names: see the protocol. */
  readonly intermediatePrefix: string;
  readonly args: Readonly<Record<string, string>>;
  /** Notes which args the app reads. */
  readonly argReads?: ArgReads | undefined;
  /** The files that the app may read. */
  readonly files: readonly SharedFile[];
  /** The totals of the counters of each earlier step of a pipeline; undefined without earlier steps. */
  readonly earlierCounters?: readonly (readonly Count[])[] | undefined;
  /** Aborted when the attempt is revoked. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** How many records of a map attempt may be in flight; undefined when the app decides. */
  readonly mapConcurrency?: number | undefined;
  /**
   * How many calls of `map` may begin per second in the job, and how to reserve them; undefined when there is no limit.
   */
  readonly ratePerSecond?: number | undefined;
  readonly reserveStarts?: ReserveStarts | undefined;
  /**
   * Whether a map attempt keeps its current record on disk, since the record may kill the whole process. Only one
   * record is in flight then.
   */
  readonly marksRecords: boolean;
  /**
   * How many bad records a map attempt may skip by itself, in addition to the ones in its assignment; undefined when the job
   * skips none. One more fails the attempt.
   */
  readonly skipsMax?: number | undefined;
  /** Whether a map attempt checks that `combine` does not change the result of `reduce` (`combine-check.ts`). */
  readonly checksCombine?: boolean | undefined;
  /** Finds work that the app has not awaited; undefined when nothing looks for it. */
  readonly work?: PendingWork | undefined;
  /** Called with each key and value that the attempt writes to its output. */
  readonly onOutput?: ((key: string, value: JsonValue) => void) | undefined;
}

/** For `beginRecord` while `setup` or `teardown` runs: the hook's time counts, but no record is to blame. */
export const hookAtWork = -1;

/**
 * For `beginRecord` while several records are in flight: if the attempt ends now without an error of its own, the
 * record to blame is unknown.
 */
export const severalAtWork = -2;

/** Receives the attempt's progress. */
export interface Progress {
  /** The last argument of `beginRecord`. */
  readonly record: number;
  /** The last argument of `setFolding`. */
  readonly isFolding: boolean;
  /** Reports how many records were mapped or values reduced, and how many bytes of input were read, if known. */
  set(records: number, bytes: number): void;
  /**
   * Begins a record: for a map the one at byte `offset`, for a reduce a key. `NaN`: no record, while the engine itself
   * works and may take its time. `hookAtWork`: no record, but the app works.
   */
  beginRecord(offset: number): void;
  /**
   * Reports whether `combine` works on values that several records emitted: if the attempt ends now, no record is to blame.
   * The time of `combine` counts for the current record.
   */
  setFolding(isFolding: boolean): void;
  /** The app took one more value of the current key from its stream. */
  takeValue(): void;
  /** The attempt keeps pairs: `bytes` returns how much memory they take. */
  keepsPairs?(bytes: () => number): void;
  /** A reduce attempt reads many values of this key. Called again and again. */
  noteKey?(key: string): void;
}

/** Whether the current record is to blame for an error. It is not for an error of `combine`. */
export function isBlamed(progress: Progress): boolean {
  return !progress.isFolding && !Number.isNaN(progress.record);
}

/** Forwards progress to another object, except for the given methods. */
export function progressThrough(progress: Progress, own: Partial<Omit<Progress, "record" | "isFolding">>): Progress {
  return {
    // A getter, since the value changes.
    get record() {
      return progress.record;
    },
    get isFolding() {
      return progress.isFolding;
    },
    set: (records, bytes) => progress.set(records, bytes),
    beginRecord: (offset) => progress.beginRecord(offset),
    setFolding: (isFolding) => progress.setFolding(isFolding),
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
  /** For an output file: see `RecordWriter`. */
  readonly textKeyEnd?: TextKeyEnd;
}

/** A finished file of an output that the app named, still under its temporary name. */
export interface PreparedNamedOutput {
  readonly temporaryPath: string;
  readonly finalPath: string;
  /** Its name once the job is done. */
  readonly name: string;
  /** As reported to the coordinator. */
  readonly fact: NamedOutputs[number];
}

/** The result of an attempt, to be committed or removed. */
export interface AttemptResult extends Readonly<Measures> {
  readonly files: readonly PreparedFile[];
  /** The records that were not given to `map`, because the assignment said so. */
  readonly skipped: readonly RecordPlace[];
  /** The records that the attempt itself skipped, since `map` threw at them; undefined for none. */
  readonly newlySkipped?: NewlySkipped | undefined;
  /** The keys that a sample task found. */
  readonly sampled?: string[];
  readonly sideFiles: readonly PreparedSideFile[];
  readonly namedOutputs?: readonly PreparedNamedOutput[];
  /** Messages for the user, once the attempt is committed. */
  readonly warnings: readonly string[];
  /** Which values of `--arg` the app has read; left out when the job has none. */
  readonly argUse?: ArgUse | undefined;
}

/** Whether the task makes an output file instead of files for reduce tasks. */
export function makesOutput({ kind }: Pick<AttemptRef, "kind">, reducers: number): boolean {
  return kind === "reduce" || reducers === 0;
}

/** The common part of the contexts of `map` and `reduce`, including the counters. */
export abstract class AttemptContext implements TaskContext {
  abstract readonly kind: TaskContext["kind"];
  readonly task: number;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly work: PendingWork | undefined;
  readonly earlierCounters: EarlierCounters;
  readonly sideFiles: SideFiles;
  readonly #files: readonly SharedFile[];
  readonly #argReads: ArgReads;
  /** The app's own args, if it assigned any. */
  #ownArgs: Readonly<Record<string, string>> | undefined;
  readonly #counts = new Map<string, number>();
  /** The counts that were changed since `markCounts`, with their former values. */
  readonly #countsBefore: [name: string, count: number | undefined][] = [];
  #remembersCounts = false;
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
    this.earlierCounters = (settings.earlierCounters ?? []).map(recordOf);
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

  /** Adds to a counter, whatever the gate says. Throws when the sum is too large, or there are too many counters. */
  count(name: string, n: number): void {
    requireCountable(name, n);
    const counts = this.#counts;
    const before = counts.get(name);
    if (before === undefined && counts.size >= countersMax) {
      throw new RangeError(`counter ${name}: a task may have ${countersMax} counters; emit pairs to count more`);
    }
    const sum = (before ?? 0) + n;
    if (Math.abs(sum) > counterMax) throw new RangeError(`counter ${name}: ${sum} is too large for a counter`);
    if (this.#remembersCounts) this.#countsBefore.push([name, before]);
    counts.set(name, sum);
  }

  /** Makes `takeBackCounts` restore the counters as they are now. */
  markCounts(): void {
    this.#remembersCounts = true;
    if (this.#countsBefore.length > 0) this.#countsBefore.length = 0;
  }

  /** Restores the counters as they were when `markCounts` was called. */
  takeBackCounts(): void {
    for (const [name, count] of this.#countsBefore.reverse()) {
      if (count === undefined) this.#counts.delete(name);
      else this.#counts.set(name, count);
    }
    this.forgetMark();
  }

  /** Keeps the counters as they are. */
  forgetMark(): void {
    this.#remembersCounts = false;
    if (this.#countsBefore.length > 0) this.#countsBefore.length = 0;
  }

  /** From now on nothing can be emitted, but the search for unawaited work may continue. */
  end(): void {
    if (this.work === undefined) this.gate.phase.close();
    else this.gate.phase.settle();
  }

  /** The attempt has failed: from now on whatever the app emits is dropped. */
  abandon(): void {
    this.gate.phase.disown();
  }

  /** The sums of the counters, by name. */
  counts(): [string, number][] {
    return [...this.#counts];
  }
}

/** The counts by name. A name such as `constructor` must not find what all objects inherit. */
function recordOf(counts: readonly Count[]): Readonly<Record<string, number>> {
  const record = Object.create(null) as Record<string, number>;
  for (const [name, count] of counts) record[name] = count;
  return Object.freeze(record);
}

/** Throws unless a counter can have that name. */
export function requireCounterName(name: unknown): void {
  if (typeof name !== "string") throw new TypeError(`the name of a counter must be a string, not ${typeof name}`);
  if (name.length <= counterCharactersMax) return;
  throw new RangeError(`counter ${name.slice(0, 20)}…: the name is longer than ${counterCharactersMax} characters`);
}

/** Throws a TypeError unless that can be added to a counter. */
export function requireCountable(name: string, n: number): void {
  if (!Number.isFinite(n)) throw new TypeError(`counter ${name}: cannot add ${n}`);
}
