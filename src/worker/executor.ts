/**
 * The thread that runs the user's code; one for each slot of a worker. It loads the app once and runs attempts one after
 * the other. All its file access is synchronous: nothing else happens in this thread.
 *
 * Whatever happens here (an endless loop, `process.exit`, an error in a callback), the agent on the main thread goes on
 * speaking with the coordinator; see `executor-host.ts`.
 */
import { join } from "node:path";
import { inspect } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import { loadApp, type LoadedApp } from "../app/load.js";
import { sourceOfSplit } from "../input/records.js";
import { intermediateName } from "../output/names.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import type { ExecutorMessage, ExecutorRequest, ExecutorStart, Job, WorkAssignment } from "./executor-messages.js";
import { LateEmitError } from "./errors.js";
import { runMapTask } from "./map-task.js";
import { runReduceTask } from "./reduce-task.js";

const { appPath, progress } = workerData as ExecutorStart;
const done = new Float64Array(progress);
let revoked = new AbortController();

// What is thrown in a callback, or by a promise that nobody awaits, says little about which attempt is to blame. It ends
// the thread, and with it the attempt that runs; pairs that came too late end the job.
process.on("uncaughtException", (error: unknown) => {
  send(failure(error));
  process.exit(1);
});

void serve();

async function serve(): Promise<void> {
  try {
    const app = await loadApp(appPath);
    parentPort?.on("message", (request: ExecutorRequest) => {
      if (request.type === "abort") revoked.abort();
      else void run(app, request);
    });
    send({ type: "loaded", input: app.input });
  } catch (error) {
    send({ type: "unloadable", message: (error as Error).message });
  }
}

async function run(app: LoadedApp, { assignment, job }: Extract<ExecutorRequest, { type: "run" }>): Promise<void> {
  done.fill(0);
  setRecord(NaN);
  revoked = new AbortController();
  const settings = {
    ref: assignment.ref,
    jobId: job.id,
    reducers: job.reducers,
    directory: job.directory,
    collectorBytes: job.collectorBytes,
    args: job.args,
    signal: revoked.signal,
    progress: { set: setProgress, beginRecord: setRecord },
    marksRecords: assignment.type === "map" && assignment.marksRecords,
  };
  try {
    const result =
      assignment.type === "map"
        ? await runMapTask(app, sourceOfSplit(assignment.split, app.input, assignment.skip), settings)
        : await runReduceTask(app, storedFiles(assignment, job), settings);
    send({ type: "finished", result });
  } catch (error) {
    send(failure(error));
  }
}

/** Who shares the job's directory knows where the files of a map attempt are. */
function storedFiles({ ref, inputs }: Extract<WorkAssignment, { type: "reduce" }>, { directory }: Job): StoredFile[] {
  return inputs.map(([map, attempt, bytes, checksum]) => {
    return { location: join(directory, intermediateName(map, ref.task, attempt)), bytes, checksum };
  });
}

function setProgress(records: number, bytes: number): void {
  done[0] = records;
  done[1] = bytes;
}

function setRecord(offset: number): void {
  done[2] = offset;
}

/** Apps may throw anything. */
function failure(error: unknown): Extract<ExecutorMessage, { type: "failed" }> {
  if (!(error instanceof Error)) return { type: "failed", class: "error", message: `the app threw ${inspect(error)}` };
  const { name, message, stack } = error;
  return {
    type: "failed",
    class: error instanceof LateEmitError ? "fatal" : "error",
    message: `${name}: ${message}`,
    ...(stack === undefined ? {} : { stack }),
  };
}

function send(message: ExecutorMessage): void {
  parentPort?.postMessage(message);
}
