import { hasReadyTask } from "../job/assign.js";
import { checkJob, require } from "../job/invariants.js";
import { hasEnded } from "../job/job.js";
import type { Cluster } from "./cluster.js";
import { areJobsOver } from "./job-ends.js";

/**
 * Throws when the state of a cluster or of one of its jobs contradicts itself. Tests and simulations call it after every
 * step; a production coordinator does not pay for it.
 */
export function checkInvariants(cluster: Cluster, now: number): void {
  const jobs = [...cluster.jobs.values()];
  jobs.forEach(checkJob);
  for (const job of jobs) {
    require(cluster.ended.has(job) === hasEnded(job), `the workers do not know whether ${job.settings.id} has ended`);
  }
  const mayAssign = jobs.some((job) => hasReadyTask(job, now));
  for (const worker of cluster.workers.values()) {
    const { id, running, parkedCall } = worker;
    if (running !== undefined) {
      require(running.task.attempts.get(running.attempt.number) ===
        running.attempt, `${id} runs an attempt that its task has lost`);
      require(worker.state === "alive", `${id} is silent and runs an attempt`);
      require(parkedCall === undefined, `${id} waits for a task and runs one`);
      require(!hasEnded(running.job) || areJobsOver(cluster), `${id} works for a job that has ended`);
    }
    require(cluster.parked.has(worker) === (parkedCall !== undefined), `${id}: parked and call disagree`);
    require(worker.state === "silent" || parkedCall === undefined || !mayAssign, `${id} waits while tasks are pending`);
    require(parkedCall === undefined || !areJobsOver(cluster), `${id} waits although all jobs have ended`);
  }
}
