/**
 * What `mr run` and its workers, which are its child processes, have between them: a connection for the coordinator's
 * protocol, and the channel that Node gives to a child process for the messages here. A child whose channel closes has
 * lost its supervisor, and with it the coordinator.
 */
import type { AppFile } from "../app/resolve.js";

/** The descriptor of the connection, in the child. The channel has another one. */
export const connectionDescriptor = 3;

/** What a worker is started with: the one argument of its program, as JSON. */
export interface WorkerStart {
  readonly app: AppFile;
  /** Where a CPU profile of each attempt goes: this directory, or with `true` the output directory. */
  readonly profiles?: string | true;
  /** The job's output directory, for when the supervisor is lost. */
  readonly outputDirectory: string;
  /** That of the pipeline that the job is a step of; the same for its last step. */
  readonly pipelineDirectory: string | undefined;
  /** The directories that have to be made for it, the inmost first. */
  readonly newDirectories: readonly string[];
}

/** From a worker to the supervisor. It exits with code 0 when the job has ended; otherwise another one is needed. */
export type WorkerMessage =
  /** The coordinator has taken it in. */
  | { readonly type: "joined" }
  /** The user should know this. */
  | { readonly type: "warning"; readonly message: string }
  /** Before it exits: it could not work, and nor could another one in its place. */
  | { readonly type: "unfit"; readonly message: string };
