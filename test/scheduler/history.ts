/**
 * Runs history files: a script of events in a job, with the scheduler's reaction indented under each line, in the
 * manner of etcd's `rafttest/testdata`. A history is golden text: a person reviews it once, and from then on it is
 * compared literally. `history-events.ts` lists the lines that a history may have.
 *
 * The coordinator may be killed: then the job continues from its journal, in a new state, without any worker.
 */
import { resumeJob } from "../../src/scheduler/cluster/job-ends.js";
import type { Effect, Event } from "../../src/scheduler/cluster/events.js";
import { checkInvariants } from "../../src/scheduler/cluster/invariants.js";
import { step } from "../../src/scheduler/cluster/step.js";
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import { outputTasks } from "../../src/scheduler/job/job.js";
import type { Task } from "../../src/scheduler/job/task.js";
import { restore } from "../../src/scheduler/job/restore.js";
import type { JobSettings } from "../../src/model/job.js";
import { type OneJob, oneJob } from "./one-job.js";
import { describeJournaled, describeRef, describeReply } from "./history-effects.js";
import { match, readEvent, readSettings, readTime } from "./history-events.js";

const resumePattern =
  /^the coordinator is killed(?<torn> in its last record)?, and resumed(?: without the outputs? of (?<lost>[\d, ]+))?(?<changed> for a changed app)?$/;

/** What identifies a reply: the worker that called, and when. */
interface Call {
  readonly worker: string;
  readonly time: string;
}

/** Plays the events of a history; returns its text with the effects that they cause now. */
export function replayHistory(text: string): string {
  const lines = text.split("\n").filter((line) => !line.startsWith("    "));
  const settings = readSettings(lines.find((line) => line.startsWith("settings:")) ?? "");
  const history = new History(settings);
  return lines
    .flatMap((line) => {
      if (line === "" || line.startsWith("#") || line.startsWith("settings:")) return [line];
      const effects = history.play(line);
      return [line, ...(effects.length === 0 ? ["(nothing)"] : effects).map((effect) => `    ${effect}`)];
    })
    .join("\n");
}

class History {
  readonly #settings: JobSettings;
  readonly #journal: JournalRecord[] = [];
  readonly #calls: Call[] = [];
  #job: OneJob;
  #time = "0s";

  constructor(settings: JobSettings) {
    this.#settings = settings;
    this.#job = oneJob(settings);
  }

  /** Plays one line; returns the scheduler's reaction. */
  play(line: string): string[] {
    const { time, words = "" } = match(/^(?:(?<time>[\d.]+s) +)?(?<words>.+)$/, line);
    if (time !== undefined) this.#time = time;
    const killed = resumePattern.exec(words)?.groups;
    if (killed !== undefined) {
      const lost = killed["lost"]?.split(", ").map(Number) ?? [];
      return this.#resume(killed["torn"] !== undefined, killed["changed"] !== undefined, lost);
    }
    const event = readEvent(words, this.#calls.length, this.#job.state);
    const call = "call" in event ? event.call : undefined;
    if ("call" in event) this.#calls.push({ worker: callerOf(event), time: this.#time });
    const effects = step(this.#job.cluster, event, readTime(this.#time));
    checkInvariants(this.#job.cluster, readTime(this.#time));
    return effects.map((effect) => this.#describe(effect, call));
  }

  /**
   * A torn journal lacks its last record, because the coordinator was killed while writing it. `lost` are the
   * partitions whose outputs are gone.
   */
  #resume(isTorn: boolean, awaitsChangedApp: boolean, lost: readonly number[]): string[] {
    if (isTorn) this.#journal.pop();
    const now = readTime(this.#time);
    this.#job = oneJob(this.#settings, { now });
    const { cluster, state } = this.#job;
    for (const record of this.#journal) restore(state, record, now);
    state.awaitsChangedApp = awaitsChangedApp;
    const isThere = (task: Task) => !outputTasks(state).includes(task) || !lost.includes(task.index);
    const effects = resumeJob(cluster, state, isThere, now);
    checkInvariants(this.#job.cluster, now);
    const { completed, maps, reduces } = state;
    const found = `${completed.map} of ${maps.length} maps, ${completed.reduce} of ${reduces.length} reduces are done`;
    return [found, ...effects.map((effect) => this.#describe(effect, undefined))];
  }

  #describe(effect: Effect, call: number | undefined): string {
    switch (effect.type) {
      case "journal":
        this.#journal.push(effect.record);
        return `journal: ${describeJournaled(effect.record)}`;
      case "reply":
        return `${this.#callName(effect.call, call)}: ${describeReply(effect.result, this.#job.state.maps.length)}`;
      case "unknownWorker":
        return `${this.#callName(effect.call, call)}: error, there is no worker ${effect.worker}`;
      case "ping":
        return `ping ${effect.worker}`;
      case "cancel":
        return `cancel ${describeRef(effect.ref)} on ${effect.worker}`;
      case "shutdown":
        return `shut ${effect.worker} down: ${effect.outcome}`;
      case "log":
        return `log ${effect.level}: ${effect.message}`;
      case "jobEnded": {
        const { message, stack, details = [] } = this.#job.state.failure ?? {};
        const why = [message, stack === undefined ? undefined : `stack ${stack}`, ...details];
        return `the job has ended: ${[effect.outcome, ...why].filter((part) => part !== undefined).join("; ")}`;
      }
    }
  }

  /** A reply to the current call is identified by the worker's name; a reply to an earlier one also by its time. */
  #callName(index: number, current: number | undefined): string {
    const call = this.#calls[index];
    if (call === undefined) throw new Error(`an answer to call ${index}, which nobody made`);
    return `reply to ${call.worker}${index === current ? "" : `, which asked at ${call.time}`}`;
  }
}

function callerOf(event: Extract<Event, { call: number }>): string {
  return event.type === "registered" ? `w${event.pid}` : event.worker;
}
