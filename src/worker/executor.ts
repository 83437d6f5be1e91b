/**
 * The thread that runs the user's code; one for each slot of a worker. It loads the app once and runs attempts one after
 * the other. All its file access is synchronous: nothing else happens in this thread.
 *
 * Whatever happens here (an endless loop, `process.exit`, an error in a callback), the agent on the main thread goes on
 * speaking with the coordinator; see `executor-host.ts`.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { isMapOnly, loadApp, type LoadedApp } from "../app/load.js";
import { sourceOfSplit } from "../input/records.js";
import { makeDirectories } from "../output/make-directory.js";
import { intermediateName } from "../output/names.js";
import type { Split } from "../rpc/protocol.js";
import type {
  AppTraits,
  ExecutorMessage,
  ExecutorRequest,
  ExecutorStart,
  Job,
  WorkAssignment,
} from "./executor-messages.js";
import { failureOf, type ReduceInputFile } from "./failure.js";
import { runMapTask } from "./map-task.js";
import { runReduceTask } from "./reduce-task.js";
import { NotAFileError } from "./system-error.js";

const { appPath, progress } = workerData as ExecutorStart;
const done = new Float64Array(progress);
let revoked = new AbortController();

// What is thrown in a callback, or by a promise that nobody awaits, says little about which attempt is to blame. It ends
// the thread, and with it the attempt that runs; pairs that came too late end the job.
process.on("uncaughtException", (error: unknown) => {
  send({ type: "dying", failure: failureOf(error) });
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
    send({ type: "loaded", traits: traitsOf(app) });
  } catch (error) {
    send({ type: "unloadable", message: (error as Error).message });
  }
}

function traitsOf(app: LoadedApp): AppTraits {
  const { input, writer } = app;
  return {
    input,
    ...(isMapOnly(app) ? { isMapOnly: true } : {}),
    ...(writer === undefined ? {} : { extension: writer.extension }),
  };
}

async function run(app: LoadedApp, { assignment, job }: Extract<ExecutorRequest, { type: "run" }>): Promise<void> {
  revoked = new AbortController();
  const settings = {
    ref: assignment.ref,
    jobId: job.id,
    reducers: job.reducers,
    output: job.output,
    directory: job.directory,
    collectorBytes: job.collectorBytes,
    args: job.args,
    signal: revoked.signal,
    progress: { set: setProgress, beginRecord, takeValue },
    marksRecords: assignment.type === "map" && assignment.marksRecords,
  };
  const inputs = assignment.type === "reduce" ? reduceInputFiles(assignment, job) : [];
  try {
    // Somebody may have removed it, and the job can go on all the same.
    makeDirectories(job.directory);
    if (assignment.type === "map") requireRegularFile(assignment.split);
    const result =
      assignment.type === "map"
        ? await runMapTask(app, sourceOfSplit(assignment.split, app.input, assignment.skip), settings)
        : await runReduceTask(
            app,
            inputs.map(({ file }) => file),
            settings,
          );
    // A rejection that nobody handles comes out a turn later, and this attempt is to blame for it.
    await setImmediate();
    send({ type: "finished", result });
  } catch (error) {
    send(failureOf(error, inputs));
  }
}

/** To open a pipe or a device that has taken the place of an input would wait for ever, or do anything. */
function requireRegularFile({ path }: Split): void {
  if (!statSync(path).isFile()) throw new NotAFileError(path);
}

/** Who shares the job's directory knows where the files of a map attempt are. */
function reduceInputFiles(
  { ref, inputs }: Extract<WorkAssignment, { type: "reduce" }>,
  { directory }: Job,
): ReduceInputFile[] {
  return inputs.map((input) => {
    const [map, attempt, bytes, checksum] = input;
    return { input, file: { location: join(directory, intermediateName(map, ref.task, attempt)), bytes, checksum } };
  });
}

function setProgress(records: number, bytes: number): void {
  done[0] = records;
  done[1] = bytes;
}

function beginRecord(offset: number): void {
  done[2] = offset;
}

function takeValue(): void {
  done[3] = (done[3] ?? 0) + 1;
}

function send(message: ExecutorMessage): void {
  parentPort?.postMessage(message);
}
