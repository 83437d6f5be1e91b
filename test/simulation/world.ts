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
}

export interface Response {
  readonly id: number;
  /** Undefined when the call is refused. */
  readonly result: unknown;
}

/** A worker's view of the world. */
export interface World {
  readonly seed: number;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly disk: Disk;
  readonly inputs: Inputs;
  readonly settings: Omit<JobSettings, "id">;
  /** The job has ended, and its coordinator has left. */
  readonly isOver: boolean;
  /** The current slowdown of tasks. */
  readonly slowness: number;
  /** Records that end every attempt that maps them: by "map offset", and whether they take the process with them. */
  readonly badRecords: ReadonlyMap<string, { readonly kills: boolean }>;
  /** The connection to the coordinator; undefined while none listens. */
  connect(): Connection | undefined;
  /** How the attempt that is now ending must fail, if at all. */
  takeFailure(): { readonly class: FailureClass; readonly atRecord: boolean } | undefined;
  /** A file was written or renamed; `isLate` when the coordinator no longer relies on it. */
  noteFile(name: string): void;
  /** Counts events, for the report of what was tested. */
  count(what: string): void;
  /** Reports events, if anything listens. */
  trace(line: () => string): void;
}
