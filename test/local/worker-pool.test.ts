import { EventEmitter } from "node:events";
import type { ChildProcess } from "node:child_process";
import { expect, test } from "vitest";
import type { WorkerMessage } from "../../src/local/supervision.js";
import { WorkerPool } from "../../src/local/worker-pool.js";

/** A pool of workers whose behaviour the test determines. */
function poolOf(size: number) {
  const workers: EventEmitter[] = [];
  const start = () => {
    const worker = Object.assign(new EventEmitter(), { pid: workers.length, kill: () => true });
    workers.push(worker);
    return worker as unknown as ChildProcess;
  };
  const given: string[] = [];
  const pool = new WorkerPool(
    start,
    size,
    (message) => given.push(message),
    () => undefined,
  );
  const says = (index: number, message: WorkerMessage) => workers[index]?.emit("message", message);
  return { pool, given, says };
}

const message = "cannot load app";

test("an app that no worker could use is the user's mistake", () => {
  const { pool, given, says } = poolOf(2);
  says(0, { type: "unfit", message });
  says(1, { type: "unfit", message });
  expect(given).toEqual([message]);
  expect(pool.failure).toEqual({ message, isUsersMistake: true });
});

test("an app that was changed after a worker joined is not", () => {
  const { pool, says } = poolOf(2);
  says(0, { type: "joined" });
  says(1, { type: "unfit", message });
  expect(pool.failure).toEqual({ message, isUsersMistake: false });
});
