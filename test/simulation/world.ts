/** What the processes of a simulation share. */
import type { JobSettings } from "../../src/model/job.js";
import type { FailureClass } from "../../src/model/attempt.js";
import type { Disk } from "./disk.js";
import type { Connection, Network } from "./network.js";
import type { Timeline } from "./timeline.js";
import type { Inputs } from "./word-count.js";

/** A process's request, and the reply. */
export interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
  /** The job of the attempt that it is about, which the protocol does not name: a worker's messages are about one job. */
  readonly job?: string | undefined;
}

export interface Response {
  readonly id: number;
  /** Undefined when the call is refused. */
  readonly result: unknown;
  /** The job of the task that the reply assigns. */
  readonly job?: string | undefined;
}

/** One of the jobs of a simulation, under whatever id: a job that is started over gets another one. */
export interface SimulatedJob {
  readonly inputs: Inputs;
  readonly settings: Omit<JobSettings, "id">;
  /** Its directory. */
  readonly disk: Disk;
  /** Records that end every attempt that maps them: by "map offset", and whether they take the process with them. */
  readonly badRecords: Map<string, { readonly kills: boolean }>;
}

/** A worker's view of the world. */
export interface World {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly network: Network;
  /** What all jobs have in common. */
  readonly settings: Pick<JobSettings, "taskTimeoutMs" | "heartbeatIntervalMs">;
  /** The job that has, or had, this id. */
  jobOf(id: string): SimulatedJob;
  /** The jobs have ended, and their coordinator has left. */
  readonly isOver: boolean;
  /** The current slowdown of tasks. */
  readonly slowness: number;
  /** The connection to the coordinator; undefined while none listens. */
  connect(): Connection | undefined;
  /** How the attempt that is now ending must fail, if at all. */
  takeFailure(): { readonly class: FailureClass; readonly atRecord: boolean } | undefined;
  /** A file of this job was written or renamed. */
  noteFile(job: SimulatedJob, name: string): void;
  /** Counts events, for the report of what was tested. */
  count(what: string): void;
  /** Reports events, if anything listens. */
  trace(line: () => string): void;
}
