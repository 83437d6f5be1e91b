/** Makes faults happen in a cluster. */
import { outputTasks } from "../../src/scheduler/job/job.js";
import { jobFileKind, outputName } from "../../src/output/names.js";
import type { CoordinatorProcess } from "./coordinator-process.js";
import { faultsEndMs, type Fault } from "./faults.js";
import type { Process } from "./process.js";
import { offsetsOf } from "./word-count.js";
import type { WorkerProcess } from "./worker-process.js";
import type { SimulatedJob, World } from "./world.js";

/** The parts of a cluster that a fault can affect. */
export interface Cluster extends World {
  readonly coordinator: CoordinatorProcess | undefined;
  readonly workers: readonly (WorkerProcess | undefined)[];
  readonly jobs: readonly SimulatedJob[];
  readonly failures: ReturnType<World["takeFailure"]>[];
  slowness: number;
  startWorker(index: number, afterMs: number): void;
  startCoordinator(afterMs: number): void;
  crashMachine(backAfterMs: number): void;
}

/** Makes it happen now. Does nothing if there is nothing it could affect. */
export function inject(cluster: Cluster, fault: Fault): void {
  cluster.trace(() => `FAULT ${JSON.stringify(fault)}`);
  if (happens(cluster, fault)) cluster.count(nameOf(fault));
}

/** The name under which it is counted. */
function nameOf(fault: Fault): string {
  if (fault.type === "kill coordinator") return `kill coordinator (${fault.how.when})`;
  if (fault.type === "damage file") return `damage file (${fault.how})`;
  if (fault.type === "attempt fails") return `attempt fails (${fault.class})`;
  return fault.type === "bad weather" ? `bad weather (${fault.kind})` : fault.type;
}

function happens(cluster: Cluster, fault: Fault): boolean {
  const { network, jobs } = cluster;
  switch (fault.type) {
    case "kill worker":
    case "stop worker":
    case "worker leaves":
    case "cut connection": {
      const worker = cluster.workers[fault.worker % cluster.workers.length];
      return worker?.process.isAlive === true && happensToWorker(cluster, worker, fault);
    }
    case "kill coordinator":
    case "stop coordinator":
    case "drain":
    case "abort": {
      const { coordinator } = cluster;
      return coordinator?.process.isAlive === true && happensToCoordinator(cluster, coordinator, fault);
    }
    case "crash machine":
      cluster.crashMachine(fault.backAfterMs);
      return true;
    case "damage file":
      return damage(cluster, fault);
    case "attempt fails":
      cluster.failures.push(fault);
      return true;
    case "bad record": {
      const { inputs, badRecords } = jobHit(jobs, fault);
      const offset = offsetsOf(inputs, fault.map)[fault.record];
      if (offset !== undefined) badRecords.set(`${fault.map} ${offset}`, fault);
      return offset !== undefined;
    }
    case "full disk":
      for (const { disk } of jobs) disk.isFull = true;
      later(cluster, fault.forMs, () => {
        for (const { disk } of jobs) disk.isFull = false;
      });
      return true;
    case "slow tasks":
      cluster.slowness = fault.factor;
      later(cluster, fault.forMs, () => (cluster.slowness = 1));
      return true;
    case "bad weather":
      network.weather[fault.kind] = fault.probability;
      later(cluster, fault.forMs, () => (network.weather[fault.kind] = 0));
      return true;
  }
}

type WorkerFault = Extract<Fault, { worker: number }>;

function happensToWorker(cluster: Cluster, worker: WorkerProcess, fault: WorkerFault): boolean {
  const index = fault.worker % cluster.workers.length;
  switch (fault.type) {
    case "kill worker":
      worker.kill();
      cluster.startWorker(index, fault.backAfterMs);
      return true;
    case "worker leaves":
      worker.leave(fault.patienceMs);
      return true;
    case "stop worker":
      return stop(cluster, worker.process, fault.forMs);
    case "cut connection":
      worker.connection?.cut(fault.workerNoticesMs, fault.coordinatorNoticesMs);
      return worker.connection !== undefined;
  }
}

type CoordinatorFault = Extract<Fault, { type: "kill coordinator" | "stop coordinator" | "drain" | "abort" }>;

function happensToCoordinator(cluster: Cluster, coordinator: CoordinatorProcess, fault: CoordinatorFault): boolean {
  switch (fault.type) {
    case "kill coordinator": {
      const { how, losesOutput = -1, backAfterMs } = fault;
      coordinator.die(how, () => {
        // The next coordinator only checks for files that the journal says are committed.
        const { state, job } = jobHit(coordinator.hosted, fault);
        const isJournaled = how.when !== "writing" && outputTasks(state)[losesOutput]?.commit !== undefined;
        if (isJournaled) {
          cluster.count("an output is removed while there is no coordinator");
          job.disk.remove(outputName(losesOutput));
        }
        cluster.startCoordinator(backAfterMs);
      });
      return true;
    }
    case "stop coordinator":
      return stop(cluster, coordinator.process, fault.forMs);
    case "drain":
      for (const { id } of coordinator.hosted) coordinator.tell({ type: "drained", job: id, message: "drained" });
      later(cluster, fault.patienceMs, () => {
        for (const { id } of coordinator.hosted) coordinator.tell({ type: "aborted", job: id, message: "drained" });
      });
      return true;
    case "abort":
      coordinator.tell({ type: "aborted", job: jobHit(coordinator.hosted, fault).id, message: "aborted" });
      return true;
  }
}

function stop(cluster: Cluster, process: Process, forMs: number): boolean {
  if (process.isStopped) return false;
  process.stop();
  later(cluster, forMs, () => process.continue());
  return true;
}

function damage({ jobs }: Cluster, fault: Extract<Fault, { type: "damage file" }>): boolean {
  const { which, how } = fault;
  const { disk } = jobHit(jobs, fault);
  const files = disk.names().filter((name) => jobFileKind(name) === "intermediate");
  const name = files[which % Math.max(1, files.length)];
  if (name === undefined) return false;
  const content = disk.read(name) ?? "";
  const other = disk.read(files[(which + 1) % files.length] ?? "") ?? "";
  if (how === "delete") disk.remove(name);
  else if (how === "flip")
    disk.corrupt(
      name,
      content.replace(/\d(?=[^\d]*$)/, (digit) => String((Number(digit) + 1) % 10)),
    );
  else if (how === "cut") disk.corrupt(name, content.slice(0, -1));
  else disk.corrupt(name, how === "empty" ? "" : other);
  return true;
}

/** The job that a fault affects, if it affects one. */
function jobHit<Job>(jobs: readonly Job[], { atMs }: Fault): Job {
  const job = jobs[atMs % jobs.length];
  if (job === undefined) throw new Error("a cluster without jobs");
  return job;
}

/** Nothing goes wrong for longer than the time of faults. */
function later({ timeline }: Cluster, forMs: number, action: () => void): void {
  timeline.after(Math.max(0, Math.min(forMs, faultsEndMs - timeline.nowMs)), action);
}
