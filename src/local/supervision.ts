/**
 * What `mr run` and its children say to each other, over the channel that Node gives to a child process. A child whose
 * channel closes has lost its supervisor, and ends.
 */

/** From the supervisor to the coordinator: end the job, for this reason. */
export interface StopMessage {
  readonly type: "stop";
  readonly reason: string;
}

/** From a worker to the supervisor. */
export type WorkerMessage =
  /** The coordinator has taken it in. */
  | { readonly type: "joined" }
  /** Before it exits: the job has ended. */
  | { readonly type: "left" }
  /** Before it exits: it could not work. `isFinal`: nor could another one in its place. */
  | { readonly type: "failed"; readonly message: string; readonly isFinal: boolean };
