/**
 * The ledger's own view of the journal: what must be written in a step, and before which effects, and what must remain
 * when the coordinator is killed.
 */
import type { Effect } from "../../src/scheduler/cluster/events.js";
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import type { AttemptRef } from "../../src/model/attempt.js";
import { equal, must, show } from "./ledger-pages.js";

export class LedgerJournal {
  #written: JournalRecord[] = [];
  /** This many records were written before anyone was told anything. */
  #told = 0;
  /** Alternatives: for each, one record must be written in this step before anyone is told anything. */
  #due: ((record: JournalRecord) => boolean)[] = [];
  /** Attempts that were recorded in this step and are yet to be assigned to their workers. */
  #begun: { readonly ref: AttemptRef; readonly worker: string }[] = [];

  /** This step must write a record like this one. */
  expect(expected: Partial<JournalRecord>): void {
    this.#due.push((record) => equal({ ...record, ...expected }, record));
  }

  /**
   * Applies an effect of the job, or one that is about no job. `isCarriedOut` is false if the coordinator died before it:
   * its record may exist or not.
   */
  take(effect: Effect, isCarriedOut: boolean): void {
    if (effect.type === "journal") {
      this.#written.push(effect.record);
      this.#write(effect.record);
    } else if (effect.type !== "log" && effect.type !== "ping") {
      must(this.#due.length === 0, () => `${show(effect)} comes before what it depends on is in the journal`);
      if (isCarriedOut) this.#told = this.#written.length;
    }
  }

  /** The worker is assigned this attempt, which must have been recorded before. */
  give(ref: AttemptRef, worker: string): void {
    const index = this.#begun.findIndex((begun) => begun.worker === worker && equal(begun.ref, ref));
    must(index !== -1, () => `${show(ref)} is given to ${worker}, and that is not in the journal`);
    this.#begun.splice(index, 1);
  }

  /** At the end of a step nothing may be pending. */
  checkEnd(): void {
    must(this.#due.length === 0, () => `${this.#due.length} records are missing in the journal`);
    must(this.#begun.length === 0, () => `the journal has ${show(this.#begun)}, which nobody was given`);
  }

  /**
   * The coordinator was killed, and this much of its journal was found: a prefix that must contain everything that
   * anyone was told about. After a crash of the whole machine, no one who was told anything is left.
   */
  restart(found: readonly JournalRecord[], machineCrashed: boolean): void {
    must(equal(found, this.#written.slice(0, found.length)), () => `the journal has what was never written`);
    const told = machineCrashed ? 0 : this.#told;
    must(found.length >= told, () => `the journal has lost ${show(this.#written.slice(found.length, told))}`);
    this.#written = [...found];
    this.#told = Math.min(this.#told, found.length);
    this.#due = [];
    this.#begun = [];
  }

  #write(record: JournalRecord): void {
    // `LedgerJob` checks the plan itself.
    if (record.type === "combinesPlanned") return;
    if (record.type === "began") {
      this.#begun.push(record);
      return;
    }
    const index = this.#due.findIndex((isLike) => isLike(record));
    must(index !== -1, () => `${show(record)} is written without reason`);
    this.#due.splice(index, 1);
  }
}
