import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Arguments } from "./arguments.js";
import { Cluster, type ClusterEnd } from "./cluster.js";
import { inflict, type Effect } from "./faults.js";
import type { Fault } from "./fault-plan.js";
import { Place } from "./place.js";
import { saysDiskIsFull } from "./small-disk.js";
import { faultsOfOutputs, internalErrors, remains, remainsOfFailure } from "./verdict.js";
import type { JobPlan } from "./workload.js";

/** `failed`: with one clear error, for an allowed reason. `lost`: it did not end, or not gracefully. */
type Verdict = "right" | "failed" | "lost" | "wrong";

export interface JobResult {
  readonly verdict: Verdict;
  /** The problem; for a failed job, its message. */
  readonly complaints: readonly string[];
  readonly faults: readonly { readonly kind: Fault["kind"]; readonly effect: Effect }[];
  readonly resumes: number;
  readonly elapsedMs: number;
  /** The directory of its files, if they are kept. */
  readonly directory: string;
}

const deadlineMs = 120_000;

/** Runs a job, does the planned harm, and judges the result. Undefined when it was stopped meanwhile. */
export async function runJob(
  plan: JobPlan,
  { programs, keep }: Pick<Arguments, "programs" | "keep">,
  stopped: AbortSignal,
): Promise<JobResult | undefined> {
  const startedMs = performance.now();
  const place = new Place(programs, { hasSmallDisk: plan.faults.some(({ fault }) => fault.kind === "fill-disk") });
  let isBad = false;
  try {
    place.writeInputs(plan.inputs);
    for (const { fault, trigger } of plan.faults) place.log("plan", JSON.stringify({ ...fault, trigger }));
    const cluster = new Cluster(plan, place);
    const ended = new AbortController();
    // Every fault listens.
    setMaxListeners(0, ended.signal);
    const inflicting = inflict(plan.faults, cluster, place, ended.signal);
    const end = await Promise.race([cluster.run(), deadline(AbortSignal.any([stopped, ended.signal]))]);
    cluster.stop();
    ended.abort();
    const faults = await inflicting;
    if (end === "stopped") return undefined;
    const { verdict, complaints } = await judge(plan, place, end, faults);
    isBad = verdict === "lost" || verdict === "wrong";
    for (const complaint of complaints) place.log("verdict", complaint);
    const elapsedMs = performance.now() - startedMs;
    return { verdict, complaints, faults, resumes: cluster.resumes, elapsedMs, directory: place.directory };
  } finally {
    await place.close({ keep: keep || isBad });
  }
}

async function deadline(stopped: AbortSignal): Promise<ClusterEnd | "stopped"> {
  try {
    await sleep(deadlineMs, undefined, { signal: stopped, ref: false });
    return { how: "lost", why: `it has not ended after ${deadlineMs / 1000} s` };
  } catch {
    return "stopped";
  }
}

async function judge(
  plan: JobPlan,
  place: Place,
  end: ClusterEnd,
  faults: JobResult["faults"],
): Promise<Pick<JobResult, "verdict" | "complaints">> {
  if (end.how === "lost") return { verdict: "lost", complaints: [end.why, ...internalErrors(place)] };
  const left = [...(await remains(place)), ...internalErrors(place)];
  if (end.how === "done") {
    const complaints = [...faultsOfOutputs(plan, place), ...left];
    return { verdict: complaints.length === 0 ? "right" : "wrong", complaints };
  }
  const wasFull = faults.some(({ kind, effect }) => kind === "fill-disk" && effect === "happened");
  const complaints = [...remainsOfFailure(place), ...left];
  const mayFail = wasFull && saysDiskIsFull(end.message);
  const verdict = !mayFail ? "lost" : complaints.length > 0 ? "wrong" : "failed";
  return { verdict, complaints: [end.message, ...complaints] };
}
