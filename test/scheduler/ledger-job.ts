/** The ledger's view of the job: its tasks, and the rules for losing, giving up and completing them. */
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import type { MapRange } from "../../src/scheduler/job/task.js";
import type { JobSettings, JobOutcome } from "../../src/model/job.js";
import type { AttemptRef } from "../../src/model/attempt.js";
import type { Split } from "../../src/model/split.js";
import type { LedgerJournal } from "./ledger-journal.js";
import {
  type Life,
  type Loss,
  type TaskPage,
  type WorkerPage,
  type Finished,
  crashesOf,
  end,
  equal,
  must,
  newTask,
  readsMapFiles,
  show,
} from "./ledger-pages.js";

export class LedgerJob {
  readonly #settings: JobSettings;
  readonly #journal: LedgerJournal;
  #combines: readonly TaskPage[] = [];
  #reduces: readonly TaskPage[] = [];
  #tasks: readonly TaskPage[] = [];
  #planned = false;
  #reducesHaveBegun = false;
  #skipped = 0;
  samples: readonly TaskPage[] = [];
  maps: readonly TaskPage[] = [];
  mapsLost = 0;
  readonly finished: Finished[] = [];
  draining = false;
  ended: JobOutcome | undefined;

  constructor(settings: JobSettings, journal: LedgerJournal) {
    this.#settings = settings;
    this.#journal = journal;
  }

  get phase(): "waiting" | "map" | "reduce" | JobOutcome {
    if (this.ended !== undefined) return this.ended;
    if (!this.#planned) return "waiting";
    return this.#reducesHaveBegun ? "reduce" : "map";
  }

  plan({
    splits,
    sample = [],
  }: {
    splits: readonly (readonly Split[])[];
    sample?: readonly unknown[] | undefined;
  }): void {
    this.samples = sample.map((_, task) => newTask("sample", task));
    this.maps = splits.map((ofTask, task) => newTask("map", task, ofTask));
    this.#reduces = Array.from({ length: this.#settings.reducers }, (_, task) => newTask("reduce", task));
    this.#tasks = [...this.samples, ...this.maps, ...this.#reduces];
    this.#planned = true;
  }

  /** Takes up the scheduler's plan of combine tasks, which must leave out no map and serve a purpose. */
  planCombines(ranges: readonly MapRange[], workers: number): void {
    must(this.#combines.length === 0 && this.mapsAreDone(), () => "combine tasks are planned at a wrong time");
    must(workers > 1, () => "combine tasks are planned for a single worker");
    const bytesOf = (partition: number, maps = this.maps) =>
      maps
        .flatMap(({ accepted }) => accepted?.outputs ?? [])
        .reduce((sum, [of, n]) => sum + (of === partition ? n : 0), 0);
    const allBytes = this.#reduces.reduce((sum, { ref: { task } }) => sum + bytesOf(task), 0);
    for (const partition of new Set(ranges.map((range) => range.partition))) {
      const own = ranges.filter((range) => range.partition === partition);
      const bounds = own.flatMap(({ fromMap, toMap }) => [fromMap, toMap]);
      const expected = own.flatMap(({ toMap }, n) => [own[n - 1]?.toMap ?? 0, toMap]);
      must(equal(bounds, expected) && bounds.at(-1) === this.maps.length, () => `${show(own)} do not cover all maps`);
      const reduce = this.#reduces[partition];
      must(reduce?.accepted === undefined && reduce?.lives.size === 0, () => `reduce ${partition} has begun`);
      must(own.length > 1 && own.length <= workers, () => `${own.length} combine tasks for ${workers} workers`);
      must(
        bytesOf(partition) >= this.#settings.combineBytesMin,
        () => `partition ${partition} is too small to combine`,
      );
      must(3 * bytesOf(partition) * workers >= 4 * allBytes, () => `partition ${partition} is not larger than others`);
      const isShared = own.every(({ fromMap, toMap }) => {
        const files = this.maps.slice(fromMap, toMap).filter((map) => bytesOf(partition, [map]) > 0);
        return files.length > 1;
      });
      must(isShared, () => `${show(own)} have a range with nothing to combine`);
    }
    this.#addCombines(ranges);
  }

  /** The combine tasks of a partition. */
  combinesOf(partition: number): readonly TaskPage[] {
    return this.#combines.filter(({ range }) => range?.partition === partition);
  }

  #addCombines(ranges: readonly MapRange[]): void {
    this.#combines = ranges.map((range, task) => ({ ...newTask("combine", task), range }));
    this.#tasks = [...this.samples, ...this.maps, ...this.#combines, ...this.#reduces];
  }

  /** Applies a record from another coordinator's journal. */
  remember(record: JournalRecord): void {
    if (record.type === "planned") {
      this.plan(record);
      return;
    }
    if (record.type === "combinesPlanned") {
      this.#addCombines(record.ranges);
      return;
    }
    // No simulated worker changes its app.
    must(record.type !== "appChanged", () => "the journal changes the app");
    const ref = "ref" in record ? record.ref : { kind: "map" as const, ...record };
    const task = this.task(ref);
    must(task !== undefined, () => `the journal speaks of ${show(ref)}`);
    switch (record.type) {
      case "began":
        task.begun = Math.max(task.begun, record.ref.attempt);
        task.orphans.set(record.ref.attempt, record.worker);
        break;
      case "committed":
        must(task.accepted === undefined, () => `the journal commits ${show(ref)} twice`);
        task.accepted = { attempt: record.ref.attempt, outputs: record.outputs, sampled: record.sampled };
        task.orphans.clear();
        break;
      case "lost":
        task.accepted = undefined;
        if (record.kind === "map") this.mapsLost += 1;
        break;
      case "skipped":
        task.skip.add(record.offset);
        this.#skipped += 1;
    }
  }

  /** The outputs that are missing when the job is resumed must be made again. */
  loseOutputs(isThere: (partition: number) => boolean): void {
    // Without reduce tasks, the map output is the job's output.
    const isMapOnly = this.#settings.reducers === 0;
    for (const task of isMapOnly ? this.maps : this.#reduces) {
      if (task.accepted === undefined || isThere(task.ref.task)) continue;
      this.#lose(task);
      if (isMapOnly) this.mapsLost += 1;
    }
  }

  /** Call it after each change: the job may have reached its next phase, or its end. */
  goOn(): void {
    if (this.#planned && this.mapsAreDone()) this.#reducesHaveBegun = true;
    const tasks = this.tasks();
    if (this.#planned && tasks.every((task) => task.accepted !== undefined)) this.ended ??= "done";
    const isOver = tasks.every((task) => task.lives.size === 0 || task.accepted !== undefined);
    if (this.draining && isOver) this.ended ??= "stopped";
  }

  /** The job fails or is aborted. While it drains, that is not a failure: whoever resumes it can find out. */
  abort(): void {
    this.ended ??= this.draining ? "stopped" : "failed";
  }

  /** This worker's attempt is lost, which may also cost the job, a record, or the files of a map. */
  lose(worker: WorkerPage, loss: Loss, now: number): void {
    const life = end(worker);
    if (life === undefined) return;
    life.task.failedOn.add(worker.id);
    if (loss.class === "io") life.task.ioLossesMs.push(now);
    // An attempt that is given back is not counted against its task.
    if (this.ended !== undefined || loss.class === "released") return;
    if (loss.class === "fatal") this.abort();
    else if (loss.class === "damaged") this.#loseFiles(life, loss.damaged ?? []);
    // A full disk is not the fault of a record.
    else this.#count(life, loss.class === "crash", loss.class === "io" ? undefined : loss.record);
  }

  samplesAreDone(): boolean {
    return this.#planned && this.samples.every((task) => task.accepted !== undefined);
  }

  mapsAreDone(): boolean {
    return this.maps.every((task) => task.accepted !== undefined);
  }

  tasks(): readonly TaskPage[] {
    return this.#tasks;
  }

  task({ kind, task }: Pick<AttemptRef, "kind" | "task">): TaskPage | undefined {
    return { sample: this.samples, map: this.maps, combine: this.#combines, reduce: this.#reduces }[kind][task];
  }

  /** Whether a reduce task still has to wait for combine tasks. */
  awaitsCombines({ ref: { kind, task } }: TaskPage): boolean {
    return kind === "reduce" && this.combinesOf(task).some(({ accepted }) => accepted === undefined);
  }

  /**
   * The tasks that a worker could be assigned: no map before all samples are done, no combine or reduce before all maps are,
   * and no reduce before the combines of its partition.
   */
  unstarted(now: number): TaskPage[] {
    const last = [...this.#combines, ...this.#reduces.filter((task) => !this.awaitsCombines(task))];
    const tasks = !this.samplesAreDone() ? this.samples : this.mapsAreDone() ? last : this.maps;
    return tasks.filter((task) => task.accepted === undefined && task.lives.size === 0 && !this.isPutOff(task, now));
  }

  /**
   * After each I/O failure the task waits: a twentieth of the task timeout (at most 10 s), then twice that, and so on
   * up to all of it.
   */
  isPutOff({ ioLossesMs }: TaskPage, now: number): boolean {
    const longestMs = Math.min(10_000, this.#settings.taskTimeoutMs);
    const twentieths = 2 ** (ioLossesMs.length - 1);
    const lastMs = ioLossesMs.at(-1);
    return lastMs !== undefined && now < lastMs + (twentieths > 20 ? longestMs : (longestMs / 20) * twentieths);
  }

  needsBackup(task: TaskPage, now: number): boolean {
    if (this.#settings.backups === "none" || task.lives.size === 0) return false;
    if (readsMapFiles(task) && !this.mapsAreDone()) return false;
    const lives = [...task.lives];
    if (lives.some((life) => life.granted)) return false;
    const latestMs = Math.max(...lives.map((life) => life.startedAtMs));
    const waitMs = this.#settings.taskTimeoutMs * 2 ** task.backups;
    if (now - latestMs < waitMs) return false;
    return this.#settings.backups === "after-timeout" || lives.every((life) => this.#isSlow(life, waitMs, now));
  }

  /** Nothing new was heard of it for the whole wait, or it is not half as far as a finished one was after that time. */
  #isSlow({ task, startedAtMs, progress }: Life, waitMs: number, now: number): boolean {
    if (now >= progress.sinceMs + waitMs) return true;
    const { kind } = task.ref;
    const finished = this.finished.filter((other) => other.kind === kind);
    const sum = (of: (other: Finished) => number) => finished.reduce((all, other) => all + of(other), 0);
    const tookMs = sum((other) => other.tookMs);
    if (tookMs === 0) return false;
    const [mine, theirs] = readsMapFiles(task)
      ? [progress.records, sum(({ records }) => records)]
      : [progress.bytes, sum(({ bytes }) => bytes)];
    return 2 * mine * tookMs < theirs * (now - startedAtMs);
  }

  /** Of two slow attempts, the older one is replaced by a third, when there is nothing else to do. */
  givesWay({ task, startedAtMs }: Life, now: number): boolean {
    const isOlder = [...task.lives].every((other) => startedAtMs <= other.startedAtMs);
    return isOlder && task.lives.size === 2 && this.needsBackup(task, now) && this.unstarted(now).length === 0;
  }

  /**
   * A record at which two attempts ended is skipped, and these no longer count; nor does an attempt that reaches it
   * later.
   */
  #count({ task, skip, ref: { attempt } }: Life, isCrash: boolean, record: number | undefined): void {
    const { badRecordsMax } = this.#settings;
    if (record !== undefined && task.skip.has(record) && !skip.has(record)) return;
    task.losses.push({ isCrash, record });
    const maySkip = record !== undefined && task.ref.kind === "map" && badRecordsMax > 0 && !task.skip.has(record);
    if (maySkip && task.losses.filter((other) => other.record === record).length === 2) {
      if (this.#skipped === badRecordsMax) this.abort();
      else {
        this.#skipped += 1;
        task.skip.add(record);
        task.losses = task.losses.filter((other) => other.record !== record);
        this.#journal.expect({ type: "skipped", task: task.ref.task, offset: record });
      }
    }
    this.#endIfTooMany(task, attempt);
  }

  #loseFiles(
    { task, mapsLostBefore, ref: { attempt: reader } }: Life,
    damaged: readonly (readonly [number, number])[],
  ): void {
    let isNews = false;
    for (const [index, attempt] of damaged) {
      const combine = this.#combines[index - this.maps.length];
      if (combine?.accepted?.attempt === attempt && combine.accepted.outputs.length > 0) {
        isNews = true;
        this.#lose(combine);
        this.#giveUp(combine, attempt);
      }
      const map = this.maps[index];
      if (map?.accepted?.attempt !== attempt) continue;
      isNews = true;
      map.filesLost += 1;
      this.mapsLost += 1;
      this.#lose(map);
      if (map.filesLost === this.#settings.maxCrashes) {
        this.abort();
        return;
      }
    }
    if (isNews || this.mapsLost > mapsLostBefore || !this.mapsAreDone()) return;
    // A worker that keeps reporting intact files must not do so forever.
    task.losses.push({ isCrash: true, record: undefined });
    this.#endIfTooMany(task, reader);
  }

  #lose(task: TaskPage): void {
    task.accepted = undefined;
    this.#journal.expect({ type: "lost", ...task.ref });
  }

  #endIfTooMany(task: TaskPage, attempt: number): void {
    // More attempts of a combine task would cost the time that it is to save.
    const isCombine = task.ref.kind === "combine";
    const maxAttempts = isCombine ? 1 : this.#settings.maxAttempts;
    const maxCrashes = isCombine ? Math.min(2, this.#settings.maxCrashes) : this.#settings.maxCrashes;
    const crashes = crashesOf(task);
    if (crashes < maxCrashes && task.losses.length - crashes < maxAttempts) return;
    if (task.ref.kind !== "sample" && task.ref.kind !== "combine") this.abort();
    // Neither is worth failing the job.
    else if (task.lives.size === 0) this.#giveUp(task, attempt);
  }

  #giveUp(task: TaskPage, attempt: number): void {
    const sampled = task.ref.kind === "sample" ? { sampled: [] } : {};
    task.accepted = { attempt, outputs: [], ...sampled };
    this.#journal.expect({ type: "committed", ref: { ...task.ref, attempt }, outputs: [], ...sampled });
  }
}
