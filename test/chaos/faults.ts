import * as fs from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killIfThere } from "../support/processes.js";
import type { Cluster } from "./cluster.js";
import type { Fault, PlannedFault, Trigger } from "./fault-plan.js";
import type { Place } from "./place.js";
import { sendRubbish } from "./rubbish.js";

/** The result of a planned fault. `missed`: there was nothing, or nothing left, to harm. */
export type Effect = "happened" | "missed" | "skipped";

const pollIntervalMs = 5;
const refillIntervalMs = 20;

/** The names of a job's files; a step's are in its directory. */
const names = {
  journal: /(^|\/)\.mr-journal$/,
  intermediate: /(^|\/)mr-\d+-\d+(\.\d+)?$/,
  output: /(^|\/)(\.mr-new-[0-9a-f]+-)?mr-out-\d+(\.jsonl)?$/,
} as const;

/** Does harm as planned until the job has ended, and undoes what can be undone. Returns the result of each fault. */
export async function inflict(
  planned: readonly PlannedFault[],
  cluster: Cluster,
  place: Place,
  jobEnded: AbortSignal,
): Promise<{ readonly kind: Fault["kind"]; readonly effect: Effect }[]> {
  const startedMs = performance.now();
  const look = lookSometimes(place);
  return Promise.all(
    planned.map(async ({ fault, trigger }) => {
      let effect: Effect = "missed";
      if (await isDue(trigger, startedMs, look, jobEnded)) {
        effect = await doHarm(fault, cluster, place, jobEnded);
        place.log("chaos", `${effect}: ${JSON.stringify(fault)}`);
      }
      return { kind: fault.kind, effect };
    }),
  );
}

async function isDue(
  { after, files, thenMs }: Trigger,
  startedMs: number,
  look: () => readonly string[],
  jobEnded: AbortSignal,
): Promise<boolean> {
  while (after !== "start" && look().filter((name) => names[after].test(name)).length < files) {
    if (!(await wait(pollIntervalMs, jobEnded))) return false;
  }
  const dueMs = after === "start" ? startedMs + thenMs : performance.now() + thenMs;
  return wait(dueMs - performance.now(), jobEnded);
}

async function doHarm(fault: Fault, cluster: Cluster, place: Place, jobEnded: AbortSignal): Promise<Effect> {
  switch (fault.kind) {
    case "kill-worker":
      return signalOne(cluster.workerPids(), fault.which, "SIGKILL");
    case "terminate-worker":
      return signalOne(cluster.workerPids(), fault.which, "SIGTERM");
    case "kill-all-workers":
      return happened(cluster.workerPids().filter((pid) => killIfThere(pid, "SIGKILL")).length > 0);
    case "stop-worker":
      return stop(place, pickOne(cluster.workerPids(), fault.which), fault.forMs, jobEnded);
    case "stop-coordinator":
      return stop(place, cluster.coordinator?.pid, fault.forMs, jobEnded);
    case "kill-coordinator":
      return happened(cluster.interrupt("SIGKILL", fault));
    case "drain-coordinator":
      return happened(cluster.interrupt("SIGTERM", fault));
    case "kill-everything": {
      const workers = cluster.workerPids();
      const isHit = cluster.interrupt("SIGKILL", fault);
      if (isHit) for (const pid of workers) killIfThere(pid, "SIGKILL");
      return happened(isHit);
    }
    case "delete-file":
    case "flip-byte":
    case "truncate-file":
      return damage(place, fault);
    case "delete-all-files": {
      const files = intermediateFiles(place);
      for (const name of files) fs.rmSync(join(place.outputDirectory, name), { force: true });
      return happened(files.length > 0);
    }
    case "fill-disk":
      return fill(place, fault.forMs, jobEnded);
    case "rubbish-client":
      return happened(await sendRubbish(place.socket, fault.rubbish, fault.forMs, jobEnded));
  }
}

function signalOne(pids: readonly number[], which: number, signal: NodeJS.Signals): Effect {
  const pid = pickOne(pids, which);
  return happened(pid !== undefined && killIfThere(pid, signal));
}

async function stop(place: Place, pid: number | undefined, forMs: number, jobEnded: AbortSignal): Promise<Effect> {
  if (pid === undefined || !killIfThere(pid, "SIGSTOP")) return "missed";
  place.log("chaos", `stops ${pid}`);
  await wait(forMs, jobEnded);
  place.log("chaos", `continues ${pid}`);
  if (place.processes().some((one) => one.pid === pid)) killIfThere(pid, "SIGCONT");
  return "happened";
}

function damage(place: Place, fault: Extract<Fault, { readonly share: number }>): Effect {
  const name = pickOne(intermediateFiles(place), fault.which);
  if (name === undefined) return "missed";
  const path = join(place.outputDirectory, name);
  place.log("chaos", `${fault.kind} ${name}`);
  try {
    if (fault.kind === "delete-file") fs.rmSync(path);
    else {
      const at = Math.floor(fs.statSync(path).size * fault.share);
      if (fault.kind === "truncate-file") fs.truncateSync(path, at);
      else flipByte(path, at);
    }
    return "happened";
  } catch {
    return "missed"; // It has gone meanwhile.
  }
}

function flipByte(path: string, at: number): void {
  const file = fs.openSync(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    fs.readSync(file, byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ (1 << (at % 8));
    fs.writeSync(file, byte, 0, 1, at);
  } finally {
    fs.closeSync(file);
  }
}

async function fill({ disk }: Place, forMs: number, jobEnded: AbortSignal): Promise<Effect> {
  if (disk === undefined) return "skipped";
  const endMs = performance.now() + forMs;
  do disk.fill();
  while ((await wait(refillIntervalMs, jobEnded)) && performance.now() < endMs);
  disk.free();
  return "happened";
}

function intermediateFiles(place: Place): string[] {
  return place.outputNames().filter((name) => names.intermediate.test(name));
}

function happened(is: boolean): Effect {
  return is ? "happened" : "missed";
}

function pickOne<Thing>(things: readonly Thing[], which: number): Thing | undefined {
  return things[which % things.length];
}

/** The names in the output directory, at most one interval old: several faults wait for them at once. */
function lookSometimes(place: Place): () => readonly string[] {
  let lookedMs = -Infinity;
  let found: readonly string[] = [];
  return () => {
    if (performance.now() - lookedMs >= pollIntervalMs) {
      found = place.outputNames();
      lookedMs = performance.now();
    }
    return found;
  };
}

/** Resolves after that time, or with false as soon as the job has ended. */
async function wait(ms: number, jobEnded: AbortSignal): Promise<boolean> {
  try {
    await sleep(Math.max(0, ms), undefined, { signal: jobEnded });
    return true;
  } catch {
    return false;
  }
}
