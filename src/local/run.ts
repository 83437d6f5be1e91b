/**
 * `mr run`: the coordinator in this process, and workers as its child processes. It starts a worker anew when one dies,
 * and leaves none behind: each has a channel to this process and ends when that closes, even when this process is killed.
 *
 * A worker is born with a connection to the coordinator, one end of a pair of sockets. So there is no socket with a
 * name, which somebody would have to remove, and nobody waits for it to be there.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import type { AppFile } from "../app/resolve.js";
import type { Coordinator } from "../coordinator/coordinator.js";
import type { JobReport } from "../coordinator/job-end.js";
import type { CoordinatorOptions } from "../coordinator/options.js";
import type { JobDirectory } from "../output/directory.js";
import { missingDirectories } from "../output/make-directory.js";
import { reopenedPipe } from "../terminal/reopened-pipe.js";
import { connectionDescriptor, type WorkerStart } from "./supervision.js";
import { WorkerPool, type PoolFailure } from "./worker-pool.js";

export interface RunOptions {
  readonly app: AppFile;
  readonly workers: number;
  /** Where a CPU profile of each attempt goes: this directory, or with `true` the output directory; undefined for none. */
  readonly profiles?: string | true | undefined;
  readonly job: Omit<CoordinatorOptions, "socket">;
  /** The directory of the pipeline that the job is a step of, which is taken. */
  readonly pipeline?: JobDirectory | undefined;
  /** Aborted when the job is to be stopped; the reason is told to the user. */
  readonly stop: AbortSignal;
  /** Aborted when it is to be stopped as soon as the tasks that run have finished, for which they have `drainTimeoutMs`. */
  readonly drain: AbortSignal;
  readonly drainTimeoutMs: number;
  /** Aborted when workers that are slow to leave are to be killed. */
  readonly kill: AbortSignal;
  /** Called when the job can be looked at. */
  onStarted(coordinator: Coordinator): void;
}

export interface RunEnd {
  readonly report: JobReport;
  /** Why no worker can work, for example since the app cannot be loaded; undefined when they can. */
  readonly poolFailure: PoolFailure | undefined;
}

/** Runs the job to its end. When it settles, no child is left. Throws what `Coordinator.start` throws. */
export async function runCluster(options: RunOptions): Promise<RunEnd> {
  const { app, workers, profiles, job, pipeline, stop, drain, drainTimeoutMs, kill } = options;
  const start: WorkerStart = {
    app,
    ...(profiles === undefined ? {} : { profiles }),
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
  // The signals outlive the job: it may be a step of a pipeline.
  const ended = new AbortController();
  const whenAborted = (signal: AbortSignal, action: () => void): void => {
    if (signal.aborted) action();
    else signal.addEventListener("abort", action, { signal: ended.signal });
  };
  whenAborted(kill, () => pool.kill());
  try {
    // Only now, since this takes its time, and so do the workers.
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
    // A job that was to be resumed can still be: with the right app, for example.
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
    return []; // The coordinator will say what is wrong with it.
  }
}

/** The connection is missing when the system could not start the process. */
function spawnWorker(start: WorkerStart): { child: ChildProcess; connection: Duplex | undefined } {
  // As seen from where the build puts this, too.
  const program = fileURLToPath(new URL("../local/worker-child.js", import.meta.url));
  const stdio: ("ignore" | "pipe" | "ipc" | number | NodeJS.WriteStream)[] = [];
  // What an app prints is no result of `mr run`, and does not go where those go.
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
  // An error also closes it, and that is noticed.
  connection?.on("error", () => undefined);
  return { child, connection };
}
