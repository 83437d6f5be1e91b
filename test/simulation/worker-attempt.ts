/** An attempt of a simulated worker: what `src/worker/attempt.ts` does, with the word count instead of a thread. */
import { intermediateName, outputName, temporaryPrefix } from "../../src/output/names.js";
import { noMeasures } from "../../src/model/measures.js";
import type { Assignment, ReduceInput } from "../../src/model/assignment.js";
import type { AttemptOutcome, AttemptRef, OutputFile } from "../../src/model/attempt.js";
import type { ParamsOf, ResultOf } from "../../src/rpc/protocol.js";
import type { Split } from "../../src/model/split.js";
import { markerName } from "./coordinator-process.js";
import { Random } from "./random.js";
import {
  combineFiles,
  mapSplit,
  mapToOutput,
  offsetsOf,
  partitionerOf,
  placeOf,
  reducePartition,
  splitsOf,
  stampOf,
  wordsOf,
} from "./word-count.js";
import type { SimulatedJob, World } from "./world.js";

/** The event that a routine of a process waits for. */
export type Wait =
  | { readonly type: "call"; readonly method: string; readonly params: unknown }
  /** The time, or a wake-up; with `needsConnection` also the loss of the connection. */
  | { readonly type: "sleep"; readonly untilMs: number; readonly needsConnection: boolean };

/** The actions of a process in sequence, with everything it must wait for. */
export type Routine<Result> = Generator<Wait, Result, unknown>;

/** A task that the coordinator has assigned. */
type Work = Extract<Assignment, { type: "sample" | "map" | "combine" | "reduce" }>;

type WorkerMethod = "ListBoundaries" | "ListInputs" | "MayCommit" | "NotifyTaskCompletion" | "RequestTask";

/** The session of the worker. */
export interface Session {
  call<M extends WorkerMethod>(method: M, params: Omit<ParamsOf<M>, "worker">): Routine<ResultOf<M>>;
  /** Whether the worker leaves after this attempt. */
  isLeaving(): boolean;
  /** The process dies. Does not return. */
  die(): never;
}

type Failed = Extract<AttemptOutcome, { type: "failed" }>;

interface Made {
  readonly type: "made";
  readonly outputs: OutputFile[];
  readonly skipped: number[];
  readonly bytesOut: number;
  readonly sampled?: string[];
}

export class WorkerAttempt {
  readonly job: string;
  readonly #world: World;
  /** The job that it belongs to. */
  readonly #own: SimulatedJob;
  readonly #work: Work;
  readonly #random: Random;
  /** Inodes of the files that have their final names. */
  readonly #named = new Map<string, number | undefined>();
  #inputs: readonly ReduceInput[] = [];
  #boundaries: readonly string[] = [];
  #endsMs: number | undefined;
  #end: Made | Failed | undefined;
  #hasFinalNames = false;
  #isInDoubt = false;
  isCancelled = false;

  constructor(world: World, job: string, work: Work) {
    this.#world = world;
    this.#own = world.jobOf(job);
    this.job = job;
    this.#work = work;
    const { kind, task, attempt } = work.ref;
    this.#random = new Random(world.seed, job, kind, task, attempt);
  }

  get ref(): AttemptRef {
    return this.#work.ref;
  }

  get isRunning(): boolean {
    return this.#endsMs !== undefined && this.#end === undefined;
  }

  /**
   * Its result is no longer needed. Does nothing once it is finished: then the coordinator is asked about it anyway.
   */
  cancel(): void {
    if (this.#end === undefined) this.isCancelled = true;
  }

  /** Ends it at once, to be given back. False when it is not running, because it will end soon. */
  release(): boolean {
    if (!this.isRunning || this.isCancelled) return false;
    this.#end = { type: "failed", class: "released", message: "its worker is to leave" };
    return true;
  }

  /** Gives it up, and removes files that no other process can rely on. */
  abandon(): void {
    this.cancel();
    this.#discardUnfinished();
    if (!this.#isInDoubt) this.#takeBack();
  }

  /** Brings it to an end, and returns what to do next. May be called again when the session was lost. */
  *complete(session: Session): Routine<Assignment> {
    const end = yield* this.#run(session);
    if (end === undefined || end.type === "failed") this.#discardUnfinished();
    if (end === undefined) return { type: "wait" };
    const outcome = end.type === "failed" ? end : yield* this.#commit(session, end);
    if (outcome === undefined) return { type: "wait" };
    this.#isInDoubt = true;
    const report = { ref: this.ref, outcome, leaving: session.isLeaving() };
    const { accepted, next } = yield* session.call("NotifyTaskCompletion", report);
    this.#isInDoubt = false;
    if (!accepted) this.#takeBack();
    return next;
  }

  /** How it ended in its thread; undefined when it was cancelled. */
  *#run(session: Session): Routine<Made | Failed | undefined> {
    const { timeline, slowness } = this.#world;
    if (this.#endsMs === undefined) {
      // Its thread may have to start first; meanwhile other events happen.
      const startsMs = timeline.nowMs + (this.#random.chance(0.3) ? this.#random.below(150) : 0);
      while (timeline.nowMs < startsMs && !this.isCancelled) {
        yield { type: "sleep", untilMs: startsMs, needsConnection: true };
      }
      if (this.isCancelled) return undefined;
      const readsMapFiles = this.#work.type === "combine" || this.#work.type === "reduce";
      if (readsMapFiles && !(yield* this.#listInputs(session))) {
        this.#end = { type: "failed", class: "damaged", message: "its inputs were lost", damaged: [] };
      }
      if (this.#work.type === "map" && this.#own.settings.partitioner === "range") {
        this.#boundaries = (yield* session.call("ListBoundaries", { from: 0 })).boundaries;
      }
      this.#endsMs = timeline.nowMs + this.#random.between(10, 120) * slowness;
    }
    while (this.#end === undefined && !this.isCancelled) {
      if (timeline.nowMs >= this.#endsMs) this.#end = this.#execute(session);
      else yield { type: "sleep", untilMs: this.#endsMs, needsConnection: true };
    }
    return this.isCancelled ? undefined : this.#end;
  }

  *#listInputs(session: Session): Routine<boolean> {
    const inputs: ReduceInput[] = [];
    for (let from: number | undefined = 0; from !== undefined;) {
      const page: ResultOf<"ListInputs"> = yield* session.call("ListInputs", { ref: this.ref, from });
      if (page.type === "stale") return false;
      inputs.push(...page.inputs);
      from = page.next;
    }
    this.#inputs = inputs;
    return true;
  }

  #execute(session: Session): Made | Failed {
    const failure = this.#world.takeFailure();
    if (failure !== undefined) {
      const offsets = this.#work.type === "map" ? offsetsOf(this.#own.inputs, this.ref.task) : [];
      const record = failure.atRecord && offsets.length > 0 ? { record: this.#random.pick(offsets) } : {};
      return { type: "failed", class: failure.class, message: "by chance", ...record };
    }
    if (this.#work.type === "sample") return this.#sample(this.#work.places);
    if (this.#work.type === "map") return this.#map(session, this.#work.skip, this.#work.marksRecords);
    const contents = this.#readInputs(this.#work.type === "combine" ? this.#work.partition : this.ref.task);
    if (!Array.isArray(contents)) return contents;
    if (this.#work.type === "combine") return this.#combine(this.#work.partition, contents);
    return this.#writeOutput(reducePartition(this.ref.task, this.ref.attempt, contents), []);
  }

  /** Another attempt finds other keys. */
  #sample(places: readonly Split[]): Made {
    const { inputs } = this.#own;
    const maps = splitsOf(inputs).flatMap(({ file }, map) =>
      places.some((place) => place.file === file) ? [map] : [],
    );
    const sampled = wordsOf(inputs, maps).filter(() => this.#random.chance(0.5));
    return { type: "made", outputs: [], skipped: [], bytesOut: 0, sampled };
  }

  #map(session: Session, skip: readonly number[], marksRecords: boolean): Made | Failed {
    const { inputs, settings, badRecords, disk } = this.#own;
    const partitionOf = partitionerOf(inputs, settings.partitioner, this.#boundaries);
    const { task, attempt } = this.ref;
    const offsets = offsetsOf(inputs, task);
    for (const offset of offsets) {
      const bad = skip.includes(offset) ? undefined : badRecords.get(`${task} ${offset}`);
      if (bad?.kills === true) {
        if (marksRecords) disk.write(markerName(this.job, this.ref), String(offset));
        session.die();
      }
      if (bad !== undefined) return { type: "failed", class: "error", message: "bad record", record: offset };
    }
    const skipped = offsets.filter((offset) => skip.includes(offset));
    if (this.#makesOutput) return this.#writeOutput(mapToOutput(inputs, task, attempt, skipped), skipped);
    const outputs: OutputFile[] = [];
    for (const [partition, content] of mapSplit(inputs, task, attempt, skipped, partitionOf)) {
      if (!disk.write(this.#temporaryName(partition), content)) return diskFull();
      this.#world.noteFile(this.#own, this.#temporaryName(partition));
      outputs.push([partition, ...stampOf(content)]);
    }
    return { type: "made", outputs, skipped, bytesOut: outputs.reduce((sum, [, bytes]) => sum + bytes, 0) };
  }

  /** Sometimes it finds that the values hardly shrink, and makes no file. */
  #combine(partition: number, contents: readonly string[]): Made | Failed {
    if (this.#random.chance(0.2)) return { type: "made", outputs: [], skipped: [], bytesOut: 0 };
    const content = combineFiles(contents);
    if (!this.#own.disk.write(this.#temporaryName(partition), content)) return diskFull();
    this.#world.noteFile(this.#own, this.#temporaryName(partition));
    return { type: "made", outputs: [[partition, ...stampOf(content)]], skipped: [], bytesOut: content.length };
  }

  #readInputs(partition: number): string[] | Failed {
    const { disk } = this.#own;
    const contents: string[] = [];
    const damaged: [number, number][] = [];
    for (const [map, mapAttempt, bytes, checksum] of this.#inputs) {
      const content = disk.read(intermediateName(map, partition, mapAttempt));
      const [foundBytes, foundChecksum] = stampOf(content ?? "");
      if (content === undefined || foundBytes !== bytes || foundChecksum !== checksum) damaged.push([map, mapAttempt]);
      else contents.push(content);
    }
    // It need not have checked all inputs when it finds the first damaged one.
    const told = this.#random.chance(0.5) ? damaged : damaged.slice(0, 1);
    if (told.length > 0) return { type: "failed", class: "damaged", message: "cannot read", damaged: told };
    return contents;
  }

  #writeOutput(content: string, skipped: number[]): Made | Failed {
    const { disk } = this.#own;
    const { task } = this.ref;
    const name = this.#temporaryName(task);
    if (!disk.write(name, content)) return diskFull();
    this.#world.noteFile(this.#own, name);
    disk.flush(name);
    return { type: "made", outputs: [[task, ...stampOf(content)]], skipped, bytesOut: content.length };
  }

  /**
   * Renames the files to their final names. Returns the outcome to report, or undefined when another attempt came
   * first.
   */
  *#commit(session: Session, { outputs, skipped, bytesOut, sampled }: Made): Routine<AttemptOutcome | undefined> {
    const { timeline } = this.#world;
    if (!(yield* this.#mayCommit(session))) {
      this.#discardUnfinished();
      this.#takeBack();
      return undefined;
    }
    // A process can be stopped between the permission and the renames.
    yield { type: "sleep", untilMs: timeline.nowMs + this.#random.below(3), needsConnection: false };
    if (!this.#hasFinalNames && !this.#giveFinalNames(outputs)) {
      this.#takeBack();
      this.#discardUnfinished();
      return { type: "failed", class: "io", message: "a file is gone" };
    }
    this.#hasFinalNames = true;
    const [output] = outputs;
    return {
      type: "done",
      outputs: this.#makesOutput ? [] : outputs,
      ...(this.#makesOutput && output !== undefined ? { checksum: output[2] } : {}),
      skipped: skipped.map(placeOf),
      ...(sampled === undefined ? {} : { sampled }),
      sideFiles: [],
      ...{ ...noMeasures(), recordsIn: 1, recordsOut: 1, bytesIn: 1, bytesOut, keys: 1 },
    };
  }

  /** A grant is valid only for a while: a process that was stopped in between asks again. */
  *#mayCommit(session: Session): Routine<boolean> {
    const { timeline, settings } = this.#world;
    for (;;) {
      const askedMs = timeline.nowMs;
      const { granted } = yield* session.call("MayCommit", { ref: this.ref });
      if (!granted || timeline.nowMs - askedMs < settings.taskTimeoutMs / 2) return granted;
      this.#world.count("a permission is old");
    }
  }

  #giveFinalNames(outputs: readonly OutputFile[]): boolean {
    const { disk } = this.#own;
    const { task, attempt } = this.ref;
    const number = this.#work.type === "combine" ? this.#work.file : task;
    return outputs.every(([partition]) => {
      const name = this.#makesOutput ? outputName(task) : intermediateName(number, partition, attempt);
      const temporary = this.#temporaryName(partition);
      const inode = disk.inodeOf(temporary);
      if (!disk.rename(temporary, name)) return false;
      this.#named.set(name, inode);
      this.#world.noteFile(this.#own, name);
      return true;
    });
  }

  #discardUnfinished(): void {
    const { disk, inputs } = this.#own;
    const partitions = this.#makesOutput
      ? [this.ref.task]
      : Array.from({ length: inputs.reducers }, (_, index) => index);
    for (const partition of partitions) disk.remove(this.#temporaryName(partition));
  }

  get #makesOutput(): boolean {
    return this.ref.kind === "reduce" || this.#own.inputs.reducers === 0;
  }

  /** All attempts of a task share the name of an output: it may be another attempt's, and stays. */
  #takeBack(): void {
    if (this.#makesOutput) return;
    const { disk } = this.#own;
    for (const [name, inode] of this.#named) if (disk.inodeOf(name) === inode) disk.remove(name);
    this.#named.clear();
  }

  #temporaryName(partition: number): string {
    const { kind, task, attempt } = this.ref;
    return `${temporaryPrefix(this.job, kind, task, attempt)}${partition}`;
  }
}

function diskFull(): Failed {
  return { type: "failed", class: "io", message: "no space left on device" };
}
