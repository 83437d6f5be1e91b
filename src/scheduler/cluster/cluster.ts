/**
 * The state of the scheduler: the workers of a cluster, and the jobs that they serve.
 *
 * The scheduler is a pure state machine, `step(cluster, event, now) → effects`, in the manner of etcd's raft: it has no
 * clock, socket, file, timer or random number. The shell (`../../coordinator/coordinator.ts`) turns worker calls into
 * events and effects into replies. So every history can be replayed from a text file, and whole clusters run on a fake
 * clock.
 *
 * This folder knows the workers: which are alive, and which wait for a task. Each job knows its own tasks, and which one
 * comes next: see `../job/job.ts`.
 */
import type { Assignment } from "../../model/assignment.js";
import type { JobSettings } from "../../model/job.js";
import { type JobState, type Slot, createJob } from "../job/job.js";
import type { Effect } from "./events.js";

export interface Worker extends Slot {
  readonly pid: number;
  readonly host: string;
  lastHeardMs: number;
  pinged: boolean;
  /** Its `RequestTask` call that awaits a reply. */
  parkedCall: number | undefined;
}

export interface Cluster {
  /** A worker silent for this long is presumed dead. */
  readonly silenceMaxMs: number;
  readonly workers: Map<string, Worker>;
  workersJoined: number;
  /** Workers whose `RequestTask` waits, oldest first. */
  readonly parked: Set<Worker>;
  /** By id. The first job comes first when a worker asks for a task. */
  readonly jobs: Map<string, JobState>;
  /** The jobs of whose end the workers were told, in this order. */
  readonly ended: Set<JobState>;
}

/** Creates a cluster without workers and jobs. */
export function createCluster(silenceMaxMs: number): Cluster {
  return {
    silenceMaxMs,
    workers: new Map(),
    workersJoined: 0,
    parked: new Set(),
    jobs: new Map(),
    ended: new Set(),
  };
}

/** Adds a job, which has no tasks until it is planned or restored. `args` are the coordinator's own, if any. */
export function addJob(
  cluster: Cluster,
  settings: JobSettings,
  args: Readonly<Record<string, string>> | undefined,
  now: number,
): JobState {
  if (cluster.jobs.has(settings.id)) throw new Error(`the cluster has a job ${settings.id} already`);
  const job = createJob(settings, args, cluster.workers, now);
  cluster.jobs.set(settings.id, job);
  return job;
}

/** The job with this id, which must exist. */
export function jobOf({ jobs }: Cluster, id: string): JobState {
  const job = jobs.get(id);
  if (job === undefined) throw new Error(`the cluster has no job ${id}`);
  return job;
}

/** Answers the waiting `RequestTask` of this worker, if there is one. */
export function unpark(cluster: Cluster, worker: Worker, result: Assignment, effects: Effect[]): void {
  const { parkedCall: call } = worker;
  if (call !== undefined) effects.push({ type: "reply", call, ...jobAssignedTo(worker), result });
  worker.parkedCall = undefined;
  cluster.parked.delete(worker);
}

/** Names the job of the task that a reply assigns to a worker. */
export function jobAssignedTo({ running }: Worker): { readonly job?: string } {
  return running === undefined ? {} : { job: running.job.settings.id };
}
