import type { Fault } from "./fault-plan.js";
import type { JobResult } from "./job.js";
import type { JobPlan } from "./workload.js";

type Kind = Fault["kind"];

const rows: readonly (readonly [label: string, kinds: readonly Kind[]])[] = [
  ["workers killed", ["kill-worker", "kill-all-workers"]],
  ["workers terminated", ["terminate-worker"]],
  ["workers stopped", ["stop-worker"]],
  ["coordinators killed", ["kill-coordinator", "kill-everything"]],
  ["coordinators drained", ["drain-coordinator"]],
  ["coordinators stopped", ["stop-coordinator"]],
  ["files deleted", ["delete-file", "delete-all-files"]],
  ["bytes flipped", ["flip-byte"]],
  ["files truncated", ["truncate-file"]],
  ["disk-full episodes", ["fill-disk"]],
  ["rubbish clients", ["rubbish-client"]],
];

/** The results of a run up to now. */
export class Report {
  readonly #results: { readonly plan: JobPlan; readonly result: JobResult }[] = [];

  add(plan: JobPlan, result: JobResult): void {
    this.#results.push({ plan, result });
  }

  /** How many jobs were lost or wrong. */
  get badJobs(): number {
    return this.#count("lost") + this.#count("wrong");
  }

  /** One line of progress. */
  progress(): string {
    const faults = this.#results.flatMap(({ result }) => result.faults).filter(({ effect }) => effect === "happened");
    return `${this.#results.length} jobs, ${faults.length} faults, ${this.#count("lost")} lost, ${this.#count("wrong")} wrong`;
  }

  /** All numbers, one per line, and then the jobs that went wrong. */
  summary(): string {
    const resumes = this.#results.reduce((sum, { result }) => sum + result.resumes, 0);
    const faults = this.#results.flatMap(({ result }) => result.faults);
    const skipped = faults.filter(({ effect }) => effect === "skipped").length;
    const missed = faults.filter(({ effect }) => effect === "missed").length;
    const numbers: (readonly [string, number])[] = [
      ["jobs", this.#results.length],
      ...rows.map(([label, kinds]) => [label, this.#happened(kinds)] as const),
      ["starts with --resume", resumes],
      ["faults that came too late", missed],
      ["faults skipped, no small disk", skipped],
      ["jobs failed as they may", this.#count("failed")],
      ["jobs lost", this.#count("lost")],
      ["wrong outputs", this.#count("wrong")],
    ];
    const width = Math.max(...numbers.map(([label]) => label.length));
    const bad = this.#results.filter(({ result: { verdict } }) => verdict === "lost" || verdict === "wrong");
    return [
      ...numbers.map(([label, number]) => `${label.padEnd(width)}  ${number}`),
      ...bad.map(({ plan, result }) => jobWithPlace(plan, result)),
    ].join("\n");
  }

  #count(verdict: JobResult["verdict"]): number {
    return this.#results.filter(({ result }) => result.verdict === verdict).length;
  }

  #happened(kinds: readonly Kind[]): number {
    const faults = this.#results.flatMap(({ result }) => result.faults);
    return faults.filter(({ kind, effect }) => kinds.includes(kind) && effect === "happened").length;
  }
}

/** One line about a job that has ended, and what was wrong with it. */
export function jobLine(plan: JobPlan, { verdict, complaints, faults, elapsedMs }: JobResult): string {
  const { app, mode, workers, inputs } = plan;
  const size = inputs.reduce((sum, { text }) => sum + text.length, 0);
  const done = faults.filter(({ effect }) => effect === "happened").map(({ kind }) => kind);
  const what = `${mode} ${app}, ${workers} workers, ${inputs.length} files, ${Math.round(size / 1000)} kB`;
  const head = `${verdict} ${(elapsedMs / 1000).toFixed(1)} s: --job-seed ${plan.seed}: ${what}: ${done.join(" ") || "no fault"}`;
  return [head, ...complaints].join("\n    ");
}

/** The same, with the directory of its files. */
export function jobWithPlace(plan: JobPlan, result: JobResult): string {
  return `${jobLine(plan, result)}\n    its files are in ${result.directory}`;
}
