import { readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JobReport } from "../../src/coordinator/job-end.js";
import { findInputs } from "../../src/input/files.js";
import { refusedCode, unknownWorkerCode } from "../../src/rpc/errors.js";
import type { AttemptOutcome, OutputFile } from "../../src/model/attempt.js";
import type { ParamsOf } from "../../src/rpc/protocol.js";
import { app, done, FakeWorker, startJob, taskOf, temporary } from "./fake-worker.js";

describe("the coordinator", () => {
  it("whose directory cannot be cleared has failed, and says why", async () => {
    const outputDirectory = join(temporary.newDirectory(), "out");
    const { socket, report } = await startJob(1, { outputDirectory });
    rmSync(outputDirectory, { recursive: true });
    writeFileSync(outputDirectory, "");
    await expect(FakeWorker.join(socket)).rejects.toThrow(/ENOTDIR/);
    expect((await report).failure?.message).toMatch(/ENOTDIR/);
  });

  it("runs a job over one connection, each answer bringing the next task, and leaves nothing but the inputs", async () => {
    const { socket, report, directory } = await startJob(2);
    const worker = await FakeWorker.join(socket);
    const first = await worker.ask();
    const second = await worker.finish(first);
    const third = await worker.finish(second.next);
    const last = await worker.finish(third.next);
    expect([first.type, second.next.type, third.next.type]).toEqual(["map", "map", "reduce"]);
    expect(last).toEqual({ accepted: true, next: { type: "exit", outcome: "done" } });
    await worker.leave();
    const { snapshot, failure } = await report;
    expect(failure).toBeUndefined();
    expect(snapshot).toMatchObject({ phase: "done", map: { recordsIn: 2, counters: [["pages", 10]] } });
    const made = ["mr-manifest.json", "mr-out-0", "mr-report.json"];
    expect(readdirSync(directory)).toEqual(["input-0", "input-1", ...made]);
  });

  it("plans a large CSV file once, for all workers that register in the meantime", async () => {
    const path = join(temporary.newDirectory(), "in.csv");
    writeFileSync(path, Buffer.alloc(40 * 2 ** 20, '1,"2\n"\n'));
    const { socket, coordinator } = await startJob(0, { inputs: findInputs([path]), splitBytes: 2 ** 23 });
    const csvApp = { ...app, input: "csv", csv: { columns: [] } } as const;
    const workers = await Promise.all([1, 2, 3].map(() => FakeWorker.connect(socket)));
    const other = await FakeWorker.connect(socket);
    const registered = workers.map((worker) => worker.register({ app: csvApp }));
    await expect(other.register({ app: { ...csvApp, hash: "other" } })).rejects.toThrow(/differs from the job's/);
    expect(new Set((await Promise.all(registered)).map(({ worker }) => worker)).size).toBe(3);
    expect(coordinator.snapshot()).toMatchObject({ phase: "map", maps: { total: 5 } });
  });

  it("shows life while it plans, and plans no further when the job is stopped", async () => {
    const path = join(temporary.newDirectory(), "in.csv");
    // Zeros: nothing is on the disk, and there is more to read than anybody waits for.
    writeFileSync(path, "a,b\n");
    truncateSync(path, 2 ** 40);
    const { socket, coordinator, report, directory } = await startJob(0, { inputs: findInputs([path]) });
    let pinged: () => void = () => undefined;
    const ping = new Promise<void>((resolve) => (pinged = resolve));
    const worker = await FakeWorker.connect(socket, {
      Ping: () => {
        pinged();
        return {};
      },
    });
    const registered = worker.register({ app: { ...app, input: "csv" } });
    const ending = Promise.allSettled([registered]);
    await ping;
    expect(coordinator.snapshot().phase).toBe("waiting");
    coordinator.abort("stopped");
    expect((await report).failure?.message).toBe("stopped");
    await ending;
    expect(readdirSync(directory).filter((name) => name.includes("journal"))).toEqual([]);
    expect(temporary.openFiles()).toBe(0);
  });

  it("does not count on a worker that leaves while the job is planned", async () => {
    const path = join(temporary.newDirectory(), "in.csv");
    writeFileSync(path, Buffer.alloc(80 * 2 ** 20, '1,"2\n"\n'));
    const { socket, coordinator } = await startJob(0, { inputs: findInputs([path]), splitBytes: 2 ** 23 });
    const csvApp = { ...app, input: "csv", csv: { columns: [] } } as const;
    const leaving = await FakeWorker.connect(socket);
    void leaving.register({ app: csvApp }).catch(() => undefined);
    await leaving.leave();
    const staying = await FakeWorker.connect(socket);
    await staying.register({ app: csvApp });
    expect(coordinator.snapshot().workers.map(({ id }) => id)).toEqual([staying.id]);
  });

  it("lets a RequestTask wait until there is a task for it", async () => {
    const { socket } = await startJob(1);
    const [busy, waiting] = [await FakeWorker.join(socket), await FakeWorker.join(socket)];
    const map = await busy.ask();
    const answer = waiting.ask();
    await busy.finish(map, { type: "failed", class: "error", message: "boom" });
    expect(taskOf(await answer).ref).toEqual({ kind: "map", task: 0, attempt: 2 });
  });

  it("gives the task of a worker whose connection closes to another one at once", async () => {
    const { socket } = await startJob(1);
    const [dying, waiting] = [await FakeWorker.join(socket), await FakeWorker.join(socket)];
    await dying.ask();
    const answer = waiting.ask();
    dying.peer.destroy();
    expect(taskOf(await answer).ref.attempt).toBe(2);
  });

  it("gives the task of a silent worker to another one, and does not accept what the first reports afterwards", async () => {
    const { socket, log } = await startJob(1, { taskTimeoutMs: 100 });
    const silent = await FakeWorker.join(socket, { Ping: () => new Promise(() => undefined) });
    const task = await silent.ask();
    const other = await FakeWorker.join(socket);
    const again = await other.ask();
    expect(taskOf(again).ref).toEqual({ kind: "map", task: 0, attempt: 2 });
    expect(log.join()).toMatch(/presumed dead|backup/);
    const { granted } = await other.peer.call("MayCommit", { worker: other.id, ref: taskOf(again).ref });
    expect(granted).toBe(true);
    const late = await silent.finish(task);
    expect(late.accepted).toBe(false);
  });

  it("keeps a worker that only answers pings", async () => {
    // A worker on a busy machine may take half of this to answer.
    const taskTimeoutMs = 1500;
    const { socket, coordinator } = await startJob(1, { taskTimeoutMs });
    let saidMs = Infinity;
    let pinged: () => void = () => undefined;
    const latePing = new Promise<void>((resolve) => (pinged = resolve));
    const quiet = await FakeWorker.join(socket, {
      Ping: () => {
        if (performance.now() - saidMs > taskTimeoutMs) pinged();
        return {};
      },
    });
    const task = await quiet.ask();
    saidMs = performance.now();
    await latePing;
    expect(coordinator.snapshot().workers).toMatchObject([{ id: quiet.id, isSilent: false }]);
    expect((await quiet.finish(task)).accepted).toBe(true);
  });

  it("cancels the loser when a backup attempt commits first", async () => {
    const { socket } = await startJob(1, { taskTimeoutMs: 1500 });
    let cancelled: (params: ParamsOf<"CancelTask">) => void = () => undefined;
    const cancel = new Promise<ParamsOf<"CancelTask">>((resolve) => (cancelled = resolve));
    const slow = await FakeWorker.join(socket, {
      CancelTask: (params) => {
        cancelled(params);
        return {};
      },
    });
    const original = await slow.ask();
    const quick = await FakeWorker.join(socket);
    const backup = await quick.ask();
    expect(taskOf(backup).ref.attempt).toBe(2);
    expect((await quick.finish(backup)).accepted).toBe(true);
    expect((await cancel).ref).toEqual(taskOf(original).ref);
  });

  it("tells a busy worker that the job has ended", async () => {
    const { coordinator, socket, report } = await startJob(1);
    let outcome: string | undefined;
    const worker = await FakeWorker.join(socket, {
      Shutdown: (params) => {
        outcome = params.outcome;
        return {};
      },
    });
    await worker.ask();
    const waiting = await FakeWorker.join(socket);
    const answer = waiting.ask();
    coordinator.abort("enough");
    expect(await answer).toEqual({ type: "exit", outcome: "failed" });
    await Promise.all([worker.leave(), waiting.leave()]);
    expect((await report).failure?.message).toBe("enough");
    expect(outcome).toBe("failed");
  });

  it("does not wait for a worker that is stuck when the job ends", async () => {
    const { coordinator, socket, report } = await startJob(1);
    const stuck = await FakeWorker.join(socket, { Shutdown: () => new Promise(() => undefined) });
    await stuck.ask();
    coordinator.abort("enough");
    expect((await report).snapshot.phase).toBe("failed");
    await stuck.peer.closed;
  });

  it("refuses a worker with another app, and one that registers twice, and goes on", async () => {
    const { socket } = await startJob(1);
    const worker = await FakeWorker.join(socket);
    await expect(worker.register()).rejects.toMatchObject({
      code: refusedCode,
      message: /already registered as worker w1/,
    });
    const foreign = await FakeWorker.connect(socket);
    await expect(foreign.register({ app: { ...app, hash: "other" } })).rejects.toMatchObject({ code: refusedCode });
    expect((await worker.ask()).type).toBe("map");
  });

  it("accepts one worker per connection, however fast it registers again", async () => {
    const { socket, coordinator } = await startJob(1);
    const worker = await FakeWorker.connect(socket);
    const both = await Promise.allSettled([worker.register(), worker.register()]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(coordinator.snapshot().workers).toHaveLength(1);
  });

  it("lets no worker speak for another one", async () => {
    const { socket } = await startJob(1);
    const worker = await FakeWorker.join(socket);
    const task = await worker.ask();
    const impostor = await FakeWorker.connect(socket);
    impostor.id = worker.id;
    await expect(impostor.ask()).rejects.toMatchObject({ code: unknownWorkerCode });
    await expect(impostor.finish(task)).rejects.toMatchObject({ code: unknownWorkerCode });
    expect((await worker.finish(task)).accepted).toBe(true);
  });

  it("does not call a job done when its output was removed", async () => {
    const { socket, directory, report } = await startJob(1);
    const worker = await FakeWorker.join(socket);
    const { next } = await worker.finish(await worker.ask());
    // It reports a commit, but has written no file.
    worker.losesOutputs = true;
    const end = await worker.finish(next);
    expect(end.next).toEqual({ type: "exit", outcome: "failed" });
    await worker.leave();
    const { snapshot, failure } = await report;
    expect(readdirSync(directory)).not.toContain("mr-manifest.json");
    expect(snapshot.phase).toBe("failed");
    expect(failure?.message).toBe("the output of reduce task 0 was removed or changed while the job ran");
  });

  it("refuses the report of an output for a partition that the job does not have", async () => {
    const { socket } = await startJob(1);
    const worker = await FakeWorker.join(socket);
    const task = await worker.ask();
    const outputs: OutputFile[] = [[1, 1, 1]];
    await expect(worker.finish(task, { ...done, outputs })).rejects.toThrow("a partition that the job does not have");
    expect((await worker.finish(task)).accepted).toBe(true);
  });

  it("shows its state to anyone who asks", async () => {
    const { socket } = await startJob(3);
    const anyone = await FakeWorker.connect(socket);
    expect(await anyone.peer.call("Status", {})).toMatchObject({ phase: "waiting", workers: [] });
    const worker = await FakeWorker.join(socket);
    const { ref } = taskOf(await worker.ask());
    const attempts = [{ ref, records: 7, bytes: 800 }];
    await worker.peer.call("Heartbeat", { worker: worker.id, attempts, memoryBytes: 9000 });
    expect(await anyone.peer.call("Status", {})).toMatchObject({
      phase: "map",
      app,
      workers: [{ id: worker.id, pid: 1, memoryBytes: 9000, running: { ref, records: 7, bytes: 800 } }],
      maps: { total: 3, idle: 2, inProgress: 1, completed: 0 },
    });
  });

  it("leaves the output of an earlier job until it is done, then replaces it, and says so", async () => {
    const { socket, directory, log, report } = await startJob(1);
    const earlier = ["mr-out-0", "mr-out-1", "mr-manifest.json", "mr-report.html"];
    const others = ["mr-0-0", ".mr-tmp-old-map-0-1-0", ".mr-new-old-mr-out-0", "mine.txt"];
    for (const name of [...earlier, ...others]) writeFileSync(join(directory, name), "");
    const refused = await FakeWorker.connect(socket);
    await expect(refused.register({ protocol: 0 })).rejects.toThrow("this worker speaks protocol 0");
    expect(readdirSync(directory)).toEqual(expect.arrayContaining([...earlier, ...others]));
    const worker = await FakeWorker.join(socket);
    expect(readdirSync(directory).sort()).toEqual([".mr-journal", ...earlier, "input-0", "mine.txt", "s"].sort());
    const { next } = await worker.finish(await worker.ask());
    const end = await worker.finish(next);
    expect(end.next).toEqual({ type: "exit", outcome: "done" });
    const made = ["mr-manifest.json", "mr-out-0", "mr-report.json"];
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(made));
    expect(log).toContain(`replaced 4 files of an earlier job in ${directory}`);
    await worker.leave();
    await report;
    expect(readdirSync(directory).sort()).toEqual([...made, "input-0", "mine.txt"].sort());
  });

  it("removes no file of a publication that could be neither completed nor undone", async () => {
    const { coordinator, socket, directory, report } = await startJob(1);
    await FakeWorker.join(socket);
    const needed = [".mr-publish", ".mr-old-0a1b2c3d-mr-out-0", ".mr-new-0a1b2c3d-mr-out-1"];
    for (const name of needed) writeFileSync(join(directory, name), "");
    coordinator.abort("enough");
    await report;
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(needed));
  });

  it("is the only one at its socket and in its directory", async () => {
    const { socket, directory, coordinator } = await startJob(1);
    await expect(startJob(1, { socket })).rejects.toThrow(`a coordinator is already running at ${socket}`);
    await expect(startJob(1, { outputDirectory: directory })).rejects.toThrow(`another job is running in ${directory}`);
    expect(coordinator.snapshot().phase).toBe("waiting");
  });

  it("fails the job with the app's first error after so many attempts", async () => {
    const { socket, report } = await startJob(1, { maxAttempts: 2 });
    const worker = await FakeWorker.join(socket);
    const failed = (message: string): AttemptOutcome => ({
      type: "failed",
      class: "error",
      message,
      stack: "at wc.js:1",
    });
    const second = await worker.finish(await worker.ask(), failed("the cause"));
    const end = await worker.finish(second.next, failed("a consequence"));
    expect(end.next).toEqual({ type: "exit", outcome: "failed" });
    await worker.leave();
    const { failure, outputs }: JobReport = await report;
    expect(failure?.message).toMatch(/^map task 0 \(.*input-0\): the cause$/);
    expect(failure?.details).toEqual(["2 attempts failed; this was the first error"]);
    expect(failure?.stack).toBe("at wc.js:1");
    expect(outputs).toEqual([]);
  });
});
