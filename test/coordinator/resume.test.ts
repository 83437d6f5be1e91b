import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Coordinator } from "../../src/coordinator/coordinator.js";
import type { CoordinatorOptions } from "../../src/coordinator/options.js";
import { findInputs, type InputFile } from "../../src/input/files.js";
import { JournalFile } from "../../src/coordinator/journal/journal-file.js";
import { journalName } from "../../src/output/names.js";
import { app, done, FakeWorker, startJob, taskOf, temporary } from "./fake-worker.js";
import { jobOptions } from "./job-options.js";

/**
 * A job of two map tasks and one reduce task, with one map done and the other begun; and what a kill would leave at this point.
 */
async function interruptedJob(options: Partial<CoordinatorOptions> = {}) {
  const job = await startJob(2, options);
  const worker = await FakeWorker.join(job.socket);
  const { next } = await worker.finish(await worker.ask());
  const left = temporary.newDirectory();
  copyFileSync(join(job.directory, journalName), join(left, journalName));
  const inputs = ["input-0", "input-1"].map((name) => join(job.directory, name));
  return { ...job, worker, begun: taskOf(next), left, inputs: findInputs(inputs) };
}

function resumeJob(outputDirectory: string, inputs: readonly InputFile[], options: Partial<CoordinatorOptions> = {}) {
  return startJob(0, { inputs, outputDirectory, resume: true, ...options });
}

describe("a job whose coordinator was killed", () => {
  it("continues with what was not committed, and assigns no attempt number twice", async () => {
    const { left, inputs, begun } = await interruptedJob();
    const { socket, report } = await resumeJob(left, inputs);
    const worker = await FakeWorker.join(socket);
    const map = taskOf(await worker.ask());
    expect(map.ref).toEqual({ ...begun.ref, attempt: 2 });
    const reduce = taskOf((await worker.finish(map)).next);
    expect(reduce.ref).toEqual({ kind: "reduce", task: 0, attempt: 1 });
    expect((await worker.finish(reduce)).next).toEqual({ type: "exit", outcome: "done" });
    await worker.leave();
    const { snapshot } = await report;
    expect(snapshot).toMatchObject({ phase: "done", map: { recordsIn: 2 }, maps: { completed: 2 } });
    expect(existsSync(join(left, journalName))).toBe(false);
  });

  it("is not given up for an unusable worker with --resume=auto", async () => {
    const { left, inputs, begun } = await interruptedJob();
    const { socket } = await resumeJob(left, inputs, { resume: "auto" });
    const stranger = await FakeWorker.connect(socket);
    await expect(stranger.register({ protocol: 0 })).rejects.toThrow("this worker speaks protocol 0");
    const worker = await FakeWorker.join(socket);
    expect(taskOf(await worker.ask()).ref).toEqual({ ...begun.ref, attempt: 2 });
  });

  it("says that it continues with the app as it was, although a changed one is accepted", async () => {
    const { left, inputs } = await interruptedJob();
    const { socket, log } = await resumeJob(left, inputs, { acceptsChangedApp: true });
    await FakeWorker.join(socket);
    expect(log.join("\n")).toMatch(/the first worker runs .* as the job began with it/);
  });

  it("reruns a reduce task whose output has disappeared", async () => {
    const { directory, left, inputs, worker, begun, coordinator, report } = await interruptedJob({ reducers: 2 });
    const { next } = await worker.finish(begun);
    await worker.finish(next);
    copyFileSync(join(directory, journalName), join(left, journalName));
    coordinator.abort("enough");
    await worker.leave();
    await report;
    const { socket, log } = await resumeJob(left, inputs, { reducers: 2 });
    const other = await FakeWorker.join(socket);
    expect(taskOf(await other.ask()).ref).toEqual({ kind: "reduce", task: 0, attempt: 2 });
    expect(log.join("\n")).toMatch("reduce task 0 runs again, since its output is gone");
  });

  it("writes the bad records although its coordinator was killed while writing them", async () => {
    const { worker, begun, directory, left, inputs, coordinator } = await interruptedJob({ badRecordsMax: 1 });
    const failed = { type: "failed", class: "error", message: "boom", record: 0 } as const;
    const { next } = await worker.finish(begun, failed);
    const again = await worker.finish(next, failed);
    await worker.finish(again.next, { ...done, skipped: [{ offset: 0, endOffset: 0 }] });
    copyFileSync(join(directory, journalName), join(left, journalName));
    writeFileSync(join(left, `.mr-tmp-${coordinator.jobId}-bad-records`), "half");
    const { socket, report } = await resumeJob(left, inputs, { badRecordsMax: 1 });
    const other = await FakeWorker.join(socket);
    await other.finish(await other.ask());
    await other.leave();
    expect((await report).snapshot).toMatchObject({ phase: "done", recordsSkipped: 1 });
    expect(readFileSync(join(left, "mr-bad-records.jsonl"), "utf8")).toMatch(/^\{.*"boom".*\}\n$/);
  });

  it("lets a worker that comes back continue its attempt", async () => {
    const { left, inputs, begun, worker, coordinator } = await interruptedJob();
    const { socket } = await resumeJob(left, inputs);
    const back = await FakeWorker.connect(socket);
    const { keepsAttempt } = await back.register({
      former: { job: coordinator.jobId, worker: worker.id, token: worker.token, attempt: begun.ref },
    });
    expect(keepsAttempt).toBe(true);
    expect((await back.finish(begun)).accepted).toBe(true);
  });

  it.each([
    ["a token that is not its own", { token: "0".repeat(32) }],
    ["the name of another worker", { worker: "w7" }],
    ["another job", { job: "00000000" }],
  ])("takes no attempt from who comes with %s", async (_, wrong) => {
    const { left, inputs, begun, worker, coordinator } = await interruptedJob();
    const { socket } = await resumeJob(left, inputs);
    const stranger = await FakeWorker.connect(socket);
    const right = { job: coordinator.jobId, worker: worker.id, token: worker.token, attempt: begun.ref };
    expect((await stranger.register({ former: { ...right, ...wrong } })).keepsAttempt).toBe(false);
    expect(taskOf(await stranger.ask()).ref.attempt).toBe(2);
  });

  it("starts over without --resume, and says so", async () => {
    const { left, inputs } = await interruptedJob();
    const { socket, log } = await startJob(0, { inputs, outputDirectory: left });
    const worker = await FakeWorker.join(socket);
    expect(log[0]).toBe("giving up the job that was interrupted here; --resume would have continued it");
    expect(taskOf(await worker.ask()).ref).toEqual({ kind: "map", task: 0, attempt: 1 });
  });

  it("loses only the last record when that is torn", async () => {
    const { left, inputs, begun } = await interruptedJob();
    appendFileSync(join(left, journalName), '0123abcd {"type":"commit');
    const { socket } = await resumeJob(left, inputs);
    const worker = await FakeWorker.join(socket);
    expect(taskOf(await worker.ask()).ref).toEqual({ ...begun.ref, attempt: 2 });
  });
});

describe("a job that is drained", () => {
  it("assigns no more tasks, waits for running ones, and can be resumed", async () => {
    const { coordinator, socket, report, directory, worker, begun, inputs } = await interruptedJob();
    const idle = await FakeWorker.join(socket);
    const answer = idle.ask();
    coordinator.drain("stopped by SIGTERM", 60_000);
    expect((await worker.finish(begun)).next).toEqual({ type: "exit", outcome: "stopped" });
    expect(await answer).toEqual({ type: "exit", outcome: "stopped" });
    await Promise.all([worker.leave(), idle.leave()]);
    const { snapshot, isResumable } = await report;
    expect([snapshot.phase, isResumable]).toEqual(["stopped", true]);
    const resumed = await resumeJob(directory, inputs);
    const next = await FakeWorker.join(resumed.socket);
    expect(taskOf(await next.ask()).ref.kind).toBe("reduce");
  });

  it("cannot be resumed when its journal was removed", async () => {
    const { coordinator, report, directory } = await interruptedJob();
    rmSync(join(directory, journalName));
    coordinator.drain("stopped by SIGTERM", 1);
    const { snapshot, isResumable } = await report;
    expect([snapshot.phase, isResumable]).toEqual(["stopped", false]);
  });

  it("says how long running tasks may take to finish, if there are any", async () => {
    const { coordinator, worker, begun, log, report } = await interruptedJob();
    coordinator.drain("stopped by SIGTERM", 60_000);
    expect(log.at(-1)).toBe("stopped by SIGTERM: the running task has 1m to finish");
    await worker.finish(begun);
    await worker.leave();
    await report;
    const idle = await startJob(1);
    idle.coordinator.drain("stopped by SIGTERM", 60_000);
    await idle.report;
    expect(idle.log).toEqual([]);
  });

  it("stops tasks that take too long", async () => {
    const { coordinator, report, worker } = await interruptedJob();
    coordinator.drain("stopped by SIGTERM", 1);
    const { snapshot, isResumable } = await report;
    await worker.peer.closed;
    expect([snapshot.phase, isResumable]).toEqual(["stopped", true]);
  });

  it("is not failed by a failing task: it is retried when the job is resumed", async () => {
    const { coordinator, report, worker, begun } = await interruptedJob({ maxAttempts: 1 });
    coordinator.drain("stopped by SIGTERM", 60_000);
    await worker.finish(begun, { type: "failed", class: "error", message: "boom" });
    await worker.leave();
    expect(await report).toMatchObject({ snapshot: { phase: "stopped" }, isResumable: true, failure: undefined });
  });

  it("leaves nothing when nothing was done", async () => {
    const { coordinator, report, directory, socket } = await startJob(1);
    const worker = await FakeWorker.join(socket);
    await worker.ask();
    coordinator.drain("stopped by SIGTERM", 1);
    expect((await report).isResumable).toBe(false);
    expect(existsSync(join(directory, journalName))).toBe(false);
  });
});

describe("to resume is refused", () => {
  const refused = async (left: string, inputs: readonly InputFile[], options: Partial<CoordinatorOptions> = {}) => {
    const before = existsSync(join(left, journalName)) ? readFileSync(join(left, journalName)) : undefined;
    const socket = join(temporary.newDirectory(), "s");
    const start = Coordinator.start({ ...jobOptions(left, socket), inputs, resume: true, ...options });
    const error = await start.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.name).toBe("InputError");
    // Nothing was changed, and nothing is locked.
    const after = existsSync(join(left, journalName)) ? readFileSync(join(left, journalName)) : undefined;
    expect(after).toEqual(before);
    expect(existsSync(socket)).toBe(false);
    return error?.message ?? "";
  };

  it("when there is no job", async () => {
    expect(await refused(temporary.newDirectory(), [])).toMatch(/^there is nothing to resume in .*: no job was inter/);
  });

  it("with other options or inputs, naming the difference", async () => {
    const { left, inputs } = await interruptedJob({ splitBytesGiven: true, splitBytes: 1024 });
    expect(await refused(left, inputs, { reducers: 2 })).toMatch(/it had --reducers 1, but this one has 2$/);
    expect(await refused(left, inputs, { args: { a: "b" } })).toMatch(/it had no --arg, but this one has --arg a=b$/);
    const other = { splitBytesGiven: true, splitBytes: 2048 };
    expect(await refused(left, inputs, other)).toMatch(/it had --split-size 1KiB, but this one has --split-size 2KiB$/);
    const sample = { samplePercent: 1 };
    expect(await refused(left, inputs, sample)).toMatch(/it had no --sample, but this one has --sample 1%$/);
    expect(await refused(left, inputs.slice(0, 1))).toMatch(
      /its input .*input-1 is missing \(it had 2, but this one has 1\)/,
    );
    expect(await refused(left, inputs, { app: { name: "wc.js", hash: "?" } })).toMatch(/: wc.js has changed since$/);
    expect(await refused(left, inputs, { app: { name: "grep.js", hash: "?" } })).toMatch(
      /: it ran the app wc.js, but this one runs grep.js$/,
    );
    const [first, second] = inputs as [InputFile, InputFile];
    expect(await refused(left, [second, first])).toMatch(/its input 1 was .*input-0 .* but is now .*input-1/);
    expect(await refused(left, [...inputs, first])).toMatch(/input-0 was not among its inputs$/);
    expect(await refused(left, [{ ...first, sizeBytes: 9 }, second])).toMatch(/input-0 had 0 bytes, but now has 9$/);
    expect(await refused(left, [{ ...first, modifiedMs: 9 }, second])).toMatch(/input-0 has changed since$/);
  });

  it("with fewer bad records allowed than were already skipped", async () => {
    const { worker, begun, directory, left, inputs } = await interruptedJob({ badRecordsMax: 1 });
    const failed = { type: "failed", class: "error", message: "boom", record: 7 } as const;
    const { next } = await worker.finish(begun, failed);
    await worker.finish(next, failed);
    copyFileSync(join(directory, journalName), join(left, journalName));
    expect(await refused(left, inputs)).toMatch(/1 bad records are left out already, and --skip-bad-records is 0$/);
  });

  it("when the journal is of another version", async () => {
    const { inputs } = await interruptedJob();
    const left = temporary.newDirectory();
    const journal = JournalFile.create(join(left, journalName));
    journal.append({ type: "job", version: 99 });
    journal.close();
    expect(await refused(left, inputs)).toMatch(/its journal was written by another version of mapreduce-ts/);
  });

  it("when the journal is not a file", async () => {
    const left = temporary.newDirectory();
    mkdirSync(join(left, journalName));
    await expect(resumeJob(left, [])).rejects.toThrow(
      /^cannot resume the job in .*: cannot open the journal .*: EISDIR/,
    );
    rmdirSync(join(left, journalName));
    symlinkSync("/etc/passwd", join(left, journalName));
    await expect(resumeJob(left, [])).rejects.toThrow(
      /^cannot resume the job in .*: cannot open the journal .*: ELOOP/,
    );
  });

  it("when the journal does not even identify its job", async () => {
    const { left, inputs } = await interruptedJob();
    writeFileSync(join(left, journalName), "0");
    await expect(resumeJob(left, inputs)).rejects.toThrow("there is nothing to resume");
  });

  it("to a worker with another app, after which the job can still be resumed", async () => {
    const { left, inputs } = await interruptedJob();
    const { socket, coordinator, report } = await resumeJob(left, inputs);
    const foreign = await FakeWorker.connect(socket);
    await expect(foreign.register({ app: { ...app, hash: "other" } })).rejects.toThrow(
      "this worker's wc.js differs from the job's: it has changed",
    );
    const another = await FakeWorker.connect(socket);
    await expect(another.register({ app: { ...app, name: "grep.js", hash: "other" } })).rejects.toThrow(
      /runs app grep.js .* but the job runs app wc.js/,
    );
    coordinator.drain("no worker can work", 0);
    expect((await report).isResumable).toBe(true);
    expect(existsSync(join(left, journalName))).toBe(true);
  });
});

it("a job whose journal cannot be written continues, and says that it cannot be resumed", async () => {
  const directory = temporary.newDirectory();
  mkdirSync(join(directory, journalName));
  const { socket, log, report } = await startJob(1, { outputDirectory: directory });
  const worker = await FakeWorker.join(socket);
  const { next } = await worker.finish(await worker.ask());
  await worker.finish(next);
  await worker.leave();
  expect((await report).snapshot.phase).toBe("done");
  expect(log.join("\n")).toMatch(/cannot create the journal .*: the job continues, but cannot be resumed/);
});
