/**
 * `mr run`: runs the coordinator in this process, and workers as its child processes. It restarts workers that die, and
 * leaves none behind: each has a channel to this process and ends when that closes, even when this process is killed.
 *
 * A worker starts with a connection to the coordinator, one end of a socket pair. So there is no named socket to
 * remove, and no worker has to wait for it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { AppFile } from "../app/resolve.js";
import type { Coordinator } from "../coordinator/coordinator.js";
import type { JobReport } from "../coordinator/job-end.js";
import type { CoordinatorOptions } from "../coordinator/options.js";
import type { WorkerMemory } from "../machine/worker-memory.js";
import type { JobDirectory } from "../output/directory.js";
import { missingDirectories } from "../storage/directories.js";
import { reopenedPipe } from "../terminal/reopened-pipe.js";
import { connectionDescriptor, type WorkerStart } from "./supervision.js";
import { WorkerPool, type PoolFailure } from "./worker-pool.js";

export interface RunOptions {
  readonly app: AppFile;
  readonly workers: number;
  /** Where CPU profiles of attempts go: this directory, or with `true` the output directory; undefined for none. */
  readonly profiles?: string | true | undefined;
  /** The memory of each worker process; undefined for no limit. */
  readonly memory?: WorkerMemory | undefined;
  readonly job: Omit<CoordinatorOptions, "socket">;
  /** The locked directory of the pipeline that the job is a step of. */
  readonly pipeline?: JobDirectory | undefined;
  /** Aborted to stop the job; the reason is shown to the user. */
  readonly stop: AbortSignal;
  /** Aborted to stop the job as soon as the running tasks have finished, within `drainTimeoutMs`. */
  readonly drain: AbortSignal;
  readonly drainTimeoutMs: number;
  /** Aborted to kill workers that are slow to leave. */
  readonly kill: AbortSignal;
  /** Called when the job can be inspected. */
  onStarted(coordinator: Coordinator): void;
}

export interface RunEnd {
  readonly report: JobReport;
  /** Why no worker can work, for example because the app cannot be loaded; undefined when they can. */
  readonly poolFailure: PoolFailure | undefined;
}

/** Runs the job to its end. When it settles, no child is left. Throws the errors of `Coordinator.start`. */
export async function runCluster(options: RunOptions): Promise<RunEnd> {
  const { app, workers, profiles, memory, job, pipeline, stop, drain, drainTimeoutMs, kill } = options;
  const start: WorkerStart = {
    app,
    ...(profiles === undefined ? {} : { profiles }),
    ...(memory === undefined ? {} : { memory }),
    outputDirectory: job.outputDirectory,
    newDirectories: [...directoriesToMake(job.outputDirectory), ...(pipeline?.traces.made ?? [])],
    pipelineDirectory: pipeline?.path,
  };
  const unfit = new AbortController();
  const early: Duplex[] = [];
  let accept = (connection: Duplex): void => {
    early.push(connection);
  };
  const startWorker = () => {
    const { child, connection } = spawnWorker(start);
    if (connection !== undefined) accept(connection);
    return child;
  };
  const pool = new WorkerPool(
    startWorker,
    workers,
    (message) => unfit.abort(message),
    (message) => job.log.warn(message),
  );
  // The signals outlive the job, which may be a step of a pipeline.
  const ended = new AbortController();
  const whenAborted = (signal: AbortSignal, action: () => void): void => {
    if (signal.aborted) action();
    else signal.addEventListener("abort", action, { signal: ended.signal });
  };
  whenAborted(kill, () => pool.kill());
  try {
    // Loaded in parallel with the workers' start, because both take time.
    const { Coordinator } = await import("../coordinator/coordinator.js");
    const coordinator = await Coordinator.start({ ...job, socket: undefined });
    accept = (connection) => {
      coordinator.accept(connection);
    };
    early.forEach(accept);
    whenAborted(drain, () => {
      coordinator.drain(String(drain.reason), drainTimeoutMs);
    });
    whenAborted(stop, () => {
      coordinator.abort(String(stop.reason));
      void pool.close();
    });
    // A job to be resumed still can be: with the right app, for example.
    whenAborted(unfit.signal, () => {
      coordinator.drain(String(unfit.signal.reason), 0);
      void pool.close();
    });
    whenAborted(kill, () => {
      coordinator.hurry();
    });
    options.onStarted(coordinator);
    const report = await coordinator.run();
    await pool.close();
    return { report, poolFailure: pool.failure };
  } catch (error) {
    pool.kill();
    await pool.close();
    throw error;
  } finally {
    ended.abort();
  }
}

function directoriesToMake(path: string): string[] {
  try {
    return missingDirectories(path);
  } catch {
    return []; // The coordinator will report the problem.
  }
}

/** The connection is missing when the system could not start the process. */
function spawnWorker(start: WorkerStart): { child: ChildProcess; connection: Duplex | undefined } {
  // This path is also valid in the built package.
  const program = fileURLToPath(new URL("../local/worker-child.js", import.meta.url));
  const stdio: ("ignore" | "pipe" | "ipc" | number | NodeJS.WriteStream)[] = [];
  // An app's output is not a result of `mr run`, and must not go to standard output.
  const pipe = reopenedPipe(2);
  stdio.push("ignore", pipe ?? process.stderr, pipe ?? process.stderr);
  stdio[connectionDescriptor] = "pipe";
  stdio.push("ipc");
  let child: ChildProcess;
  try {
    child = spawn(process.execPath, [program, JSON.stringify(start)], { stdio });
  } finally {
    if (pipe !== undefined) closeSync(pipe);
  }
  const connection = (child.stdio as readonly unknown[] | undefined)?.[connectionDescriptor] as Duplex | undefined;
  // An error also closes the connection, which is noticed.
  connection?.on("error", () => undefined);
  return { child, connection };
}
