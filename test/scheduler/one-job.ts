import { type Cluster, addJob, createCluster } from "../../src/scheduler/cluster/cluster.js";
import type { JobState } from "../../src/scheduler/job/job.js";
import type { AttemptRef, JobAttemptRef } from "../../src/model/attempt.js";
import type { JobSettings } from "../../src/model/job.js";

/** A cluster with a single job. */
export interface OneJob {
  readonly cluster: Cluster;
  readonly state: JobState;
}

export function oneJob(
  settings: JobSettings,
  { args, now = 0 }: { readonly args?: Readonly<Record<string, string>>; readonly now?: number } = {},
): OneJob {
  const cluster = createCluster(settings.taskTimeoutMs);
  return { cluster, state: addJob(cluster, settings, args, now) };
}

/** Names an attempt of the job that tests have unless they say otherwise. */
export function ofJob(ref: AttemptRef, job = "job"): JobAttemptRef {
  return { ...ref, job };
}
