import { Worker } from "node:worker_threads";

/** No input takes a second; a process whose timers do not run for this long is in an endless loop. */
const stuckMs = 60_000;

/** A separate thread, because an endless loop blocks the timers of this one. */
const watcher = `
  const { workerData } = require("node:worker_threads");
  const { beats, what, stuckMs } = workerData;
  let last = -1;
  setInterval(() => {
    const beat = Atomics.load(beats, 0);
    if (beat === last) {
      require("node:fs").writeSync(1, what + ": hangs; nothing has happened for " + stuckMs + " ms\\n");
      process.kill(process.pid, "SIGKILL");
    }
    last = beat;
  }, stuckMs);
`;

/** Runs `action`, and ends the process when it gets stuck; `what` says where. */
export async function watched<Result>(what: string, action: () => Promise<Result>): Promise<Result> {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const beating = setInterval(() => Atomics.add(beats, 0, 1), stuckMs / 10);
  const thread = new Worker(watcher, { eval: true, workerData: { beats, what, stuckMs } });
  try {
    return await action();
  } finally {
    clearInterval(beating);
    await thread.terminate();
  }
}
