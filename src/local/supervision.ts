/**
 * What connects `mr run` and its workers, which are its child processes: a connection for the coordinator's protocol,
 * and the channel that Node gives a child process, which carries the messages defined here. A child whose channel
 * closes has lost its supervisor, and with it the coordinator.
 */
import type { AppFile } from "../app/resolve.js";
import type { WorkerMemory } from "../machine/worker-memory.js";

/** The descriptor of the connection in the child. The channel has another one. */
export const connectionDescriptor = 3;

/** The data that a worker is started with: the only argument of its program, as JSON. */
export interface WorkerStart {
  readonly app: AppFile;
  /** Where CPU profiles of attempts go: this directory, or with `true` the output directory. */
  readonly profiles?: string | true;
  /** The memory of the process; undefined for no limit. */
  readonly memory?: WorkerMemory;
  /** The job's output directory, in case the supervisor is lost. */
  readonly outputDirectory: string;
  /** The directory of the pipeline that the job is a step of; equal to `outputDirectory` for its last step. */
  readonly pipelineDirectory: string | undefined;
  /** The directories that must be created for it, innermost first. */
  readonly newDirectories: readonly string[];
}

/**
 * From a worker to the supervisor. A worker exits with code 0 when the job has ended; otherwise it must be replaced.
 */
export type WorkerMessage =
  /** The coordinator has registered it. */
  | { readonly type: "joined" }
  /** A warning to the user. */
  | { readonly type: "warning"; readonly message: string }
  /** Sent before exiting: neither this worker nor a replacement could work. */
  | { readonly type: "unfit"; readonly message: string };
