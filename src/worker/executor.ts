/**
 * The thread that runs the user's code; one for each slot of a worker. It loads the app once and runs attempts one
 * after another. All its file access is synchronous: nothing else happens in this thread.
 *
 * Whatever happens here (an endless loop, `process.exit`, an error in a callback), the agent on the main thread keeps
 * talking to the coordinator; see `executor-host.ts`.
 */
import { join } from "node:path";
import { getHeapStatistics } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import { shownKey } from "../app/given.js";
import { loadApp, traitsOf, type LoadedApp } from "../app/load.js";
import { sourceOfSplits } from "../input/records.js";
import { requireUnchanged } from "../input/shared-files.js";
import { keptBytes } from "./kept-bytes.js";
import { makeDirectories } from "../storage/directories.js";
import { intermediateName } from "../output/names.js";
import type { StoredFile } from "../shuffle/stored-file.js";
import { writeSynchronously } from "../terminal/synchronous-writes.js";
import type { StartGrant } from "../model/assignment.js";
import { ArgReads } from "./arg-reads.js";
import { withOwnProcessState } from "./process-state.js";
import { profiled } from "./cpu-profile.js";
import type { ExecutorMessage, ExecutorRequest, ExecutorStart, Job, WorkAssignment } from "./executor-messages.js";
import { failureOf, type ReduceInputFile } from "./failure.js";
import { runCombineTask } from "./combine-task.js";
import { runMapTask } from "./map-task.js";
import { runReduceTask } from "./reduce-task.js";
import { runSampleTask } from "./sample-task.js";
import { PendingWork } from "./pending-work.js";
import { OutputTail } from "./output-tail.js";
import type { AttemptResult, AttemptSettings, Progress } from "./task-context.js";
import { TaskOutput } from "./task-output.js";

const start = workerData as ExecutorStart;
const done = new Float64Array(start.progress);
const progress: Progress = {
  get record() {
    return done[2] ?? NaN;
  },
  get isFolding() {
    return done[4] === 1;
  },
  set(records, bytes) {
    done[0] = records;
    done[1] = bytes;
    if (records >= measuredNext.records || bytes >= measuredNext.bytes) measureMemory(records, bytes);
  },
  keepsPairs(bytes) {
    pairBytes = bytes;
  },
  noteKey(key) {
    if (key === notedKey) return;
    notedKey = key;
    keyText.clear();
    keyText.add(Buffer.from(shownKey(key)));
  },
  beginRecord(offset) {
    done[2] = offset;
  },
  setFolding(isFolding) {
    done[4] = isFolding ? 1 : 0;
  },
  takeValue() {
    done[3] = (done[3] ?? 0) + 1;
  },
};
/** The key with many values that a reduce attempt reads. */
const keyText = new OutputTail(start.key);
let notedKey: string | undefined;
/** How much memory the pairs of the running map attempt take. */
let pairBytes: (() => number) | undefined;
/** Memory is measured each time that an attempt has done so many more records, or bytes. */
const measuredEach = { records: 16 * 1024, bytes: 2 ** 20 };
const measuredNext = { records: 0, bytes: 0 };

function measureMemory(records: number, bytes: number): void {
  measuredNext.records = records + measuredEach.records;
  measuredNext.bytes = bytes + measuredEach.bytes;
  done[5] = getHeapStatistics().used_heap_size;
  done[6] = pairBytes?.() ?? 0;
}

// The app's output arrives, whatever happens to this thread. Waiting for a reader does not count as hanging: see
// `stall-watch.ts`.
const onWait = () => progress.takeValue();
writeSynchronously(process.stdout, 1, { onWait });
writeSynchronously(process.stderr, 2, { onWait });
const output = new TaskOutput([process.stdout, process.stderr], new OutputTail(start.output));
let revoked = new AbortController();

// An error in a callback, or a rejection that nothing awaits, hardly shows which attempt is to blame. It ends the
// thread, and with it the running attempt; pairs that came too late end the job.
process.on("uncaughtException", (error: unknown) => {
  send({ type: "dying", failure: failureOf(error) });
  process.exit(1); // Ends only the thread, which has written everything.
});

void serve();

async function serve(): Promise<void> {
  try {
    const app = await loadApp(start.app);
    parentPort?.on("message", (request: ExecutorRequest) => {
      if (request.type === "abort") revoked.abort();
      else if (request.type === "collect") send({ type: "collected", keptBytes: keptBytes() });
      else if (request.type === "starts") takeGrant?.(request.grant);
      else void run(app, request);
    });
    send({ type: "loaded", traits: traitsOf(app) });
  } catch (error) {
    send({ type: "unloadable", message: (error as Error).message });
  }
}

async function run(app: LoadedApp, { assignment, job }: Extract<ExecutorRequest, { type: "run" }>): Promise<void> {
  // Created here, because an abort may arrive before the attempt begins.
  revoked = new AbortController();
  notedKey = undefined;
  Object.assign(measuredNext, { records: 0, bytes: 0 });
  const inputs = "inputs" in assignment ? inputFiles(assignment, job) : [];
  const task = `${assignment.ref.kind} ${assignment.ref.task}`;
  const argReads = new ArgReads(job.args);
  const work = await PendingWork.begin(task, parentPort);
  output.begin(task);
  try {
    // The directory may have been removed, but the job can continue.
    makeDirectories(job.directory);
    requireUnchanged(job.files);
    const result = await withOwnProcessState(() =>
      work.run(() => runAttempt(app, assignment, job, inputs, { argReads, work })),
    );
    requireUnchanged(job.files);
    send({ type: "finished", result: { ...result, argUse: argReads.use } });
  } catch (error) {
    output.end();
    const { use: argUse } = argReads;
    // Nobody needs to know what is wrong with an attempt that was cancelled.
    const onBlock = revoked.signal.aborted ? undefined : onWait;
    send({ ...failureOf(error, inputs, onBlock), ...(argUse && { argUse }) });
  }
}

/** Once this resolves, nothing here holds the attempt's context: `PendingWork` relies on that. */
async function runAttempt(
  app: LoadedApp,
  assignment: WorkAssignment,
  job: Job,
  inputs: readonly ReduceInputFile[],
  watches: Pick<AttemptSettings, "argReads" | "work">,
): Promise<AttemptResult> {
  const settings = {
    ref: assignment.ref,
    jobId: job.id,
    reducers: job.reducers,
    boundaries: assignment.type === "map" ? assignment.boundaries : undefined,
    output: job.output,
    directory: job.directory,
    collectorBytes: job.collectorBytes,
    intermediatePrefix: job.intermediatePrefix,
    args: job.args,
    files: job.files,
    earlierCounters: job.earlierCounters,
    signal: revoked.signal,
    progress,
    marksRecords: assignment.type === "map" && assignment.marksRecords,
    skipsMax: assignment.type === "map" ? assignment.skipsMax : undefined,
    checksCombine: job.checksCombine === true,
    mapConcurrency: job.mapConcurrency,
    ratePerSecond: job.ratePerSecond ?? app.ratePerSecond,
    reserveStarts,
    ...watches,
  };
  try {
    return await profiled(start.profiles, settings, () => runTask(app, assignment, inputs, settings));
  } finally {
    // It holds the attempt's collector.
    pairBytes = undefined;
    // Before the streams of this thread are flushed, so that the last line ends before another one begins.
    output.end();
    // The app may have made its context listen to the signal.
    revoked = new AbortController();
  }
}

async function runTask(
  app: LoadedApp,
  assignment: WorkAssignment,
  inputs: readonly ReduceInputFile[],
  settings: AttemptSettings,
): Promise<AttemptResult> {
  switch (assignment.type) {
    case "sample":
      return runSampleTask(app, assignment.places, settings);
    case "map":
      return runMapTask(app, sourceOfSplits(assignment.splits, app, assignment.skip), settings);
    case "combine":
      return runCombineTask(app, inputs.map(fileOf), assignment, settings);
    case "reduce":
      return runReduceTask(app, inputs.map(fileOf), settings);
  }
}

/** Takes the answer of the agent to `starts`. */
let takeGrant: ((grant: StartGrant) => void) | undefined;

/** An attempt waits for one answer at a time. An answer for an earlier attempt never arrives during a later one. */
function reserveStarts(wanted: number): Promise<StartGrant> {
  return new Promise((resolve) => {
    takeGrant = resolve;
    send({ type: "starts", wanted });
  });
}

function fileOf({ file }: ReduceInputFile): StoredFile {
  return file;
}

/** The job's directory determines the paths of intermediate files. */
function inputFiles(
  assignment: Extract<WorkAssignment, { type: "combine" | "reduce" }>,
  { directory, intermediatePrefix }: Job,
): ReduceInputFile[] {
  const partition = assignment.type === "combine" ? assignment.partition : assignment.ref.task;
  return assignment.inputs.map((input) => {
    const [file, attempt, bytes, checksum] = input;
    const name = intermediatePrefix + intermediateName(file, partition, attempt);
    return { input, file: { location: join(directory, name), bytes, checksum } };
  });
}

function send(message: ExecutorMessage): void {
  parentPort?.postMessage(message);
}
