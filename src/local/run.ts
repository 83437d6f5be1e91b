/**
 * `mr run`: a coordinator and its workers as child processes of this one, which is their supervisor. It starts a worker
 * anew when one dies, has the job ended when it is told to, and leaves no child behind: each has a channel to this
 * process and ends when that closes, even when this process is killed.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { StopMessage } from "./supervision.js";
import { WorkerPool, type PoolFailure } from "./worker-pool.js";

/** A Node.js program with its command line. */
interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

export interface RunOptions {
  readonly coordinator: Program;
  readonly worker: Program;
  readonly workers: number;
  /** Aborted when the job is to be stopped; the reason is told to the user. */
  readonly stop: AbortSignal;
  /** Aborted when everything is to end at once, tidy or not. */
  readonly kill: AbortSignal;
}

/** How the cluster has ended. */
export type RunEnd =
  /** The coordinator has ended with this exit code, and has said what there is to say. */
  | { readonly type: "exited"; readonly code: number }
  /** No worker can work, for example since the app cannot be loaded. */
  | ({ readonly type: "workersFailed" } & PoolFailure)
  /** Something killed the coordinator. */
  | { readonly type: "coordinatorKilled"; readonly signal: string };

/** Runs the job to its end. When it resolves, no child is left. */
export async function runCluster(options: RunOptions): Promise<RunEnd> {
  const { stop, kill } = options;
  const coordinator = startProgram(options.coordinator, "inherit");
  const exit = once(coordinator, "exit");
  const pool = new WorkerPool(
    () => startProgram(options.worker, process.stderr),
    options.workers,
    (message) => {
      tell(coordinator, { type: "stop", reason: message });
    },
  );
  const onStop = () => tell(coordinator, { type: "stop", reason: String(stop.reason) });
  const onKill = () => {
    coordinator.kill("SIGKILL");
    pool.kill();
  };
  stop.addEventListener("abort", onStop);
  kill.addEventListener("abort", onKill);
  const [code, signal] = (await exit) as [number | null, string | null];
  await pool.close();
  stop.removeEventListener("abort", onStop);
  kill.removeEventListener("abort", onKill);
  if (pool.failure !== undefined) return { type: "workersFailed", ...pool.failure };
  return code === null ? { type: "coordinatorKilled", signal: signal ?? "a signal" } : { type: "exited", code };
}

/** `stdout` is where the program's results go; only the coordinator has any, an app's own output is no result. */
function startProgram({ file, args }: Program, stdout: "inherit" | NodeJS.WriteStream): ChildProcess {
  return spawn(process.execPath, [file, ...args], { stdio: ["ignore", stdout, "inherit", "ipc"] });
}

function tell(child: ChildProcess, message: StopMessage): void {
  // It may have gone in the meantime, which is what was wanted.
  if (child.connected) child.send(message, () => undefined);
}
