import { once } from "node:events";
import { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { AppError } from "../app/app-error.js";
import { runWorker } from "../worker/agent.js";
import type { CoordinatorAddress } from "../worker/connect.js";
import { WorkerRefusedError } from "../worker/errors.js";
import type { Executor } from "../worker/executor-host.js";
import { connectionDescriptor, type WorkerMessage, type WorkerStart } from "./supervision.js";

const channelTimeoutMs = 1000;

/** Runs a worker of `mr run` to its end, and returns its exit code. A supervisor that has been killed is tidied up after. */
export async function work(
  start: WorkerStart,
  executor: Promise<Executor>,
  stopping: AbortController,
): Promise<number> {
  const { signal } = stopping;
  // A terminal sends these two to all its processes. The supervisor gets them as well, and knows what to do.
  for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
  process.on("SIGTERM", () => stopping.abort());
  const onDisconnect = () => stopping.abort();
  process.on("disconnect", onDisconnect);
  // It may have happened before anybody listened.
  if (!process.connected) onDisconnect();
  try {
    const onJoined = () => void tell({ type: "joined" });
    await runWorker({ app: start.app, args: undefined, executor, coordinator: supervisor, signal, onJoined });
    return 0;
  } catch (error) {
    if (!process.connected) await (await import("./abandoned-job.js")).clearAbandonedJob(start);
    else if (!signal.aborted && (error instanceof AppError || error instanceof WorkerRefusedError)) {
      await tell({ type: "unfit", message: error.message });
    }
    return 1;
  }
}

const supervisor: CoordinatorAddress = {
  name: "mr run",
  connect: () => Promise.resolve(new Socket({ fd: connectionDescriptor })),
  async wasKilled({ aborted }) {
    // It says goodbye before it closes the connection. The channel closes with it, but that may be noticed later.
    if (process.connected && !aborted) await Promise.race([once(process, "disconnect"), wait(channelTimeoutMs)]);
    return !process.connected;
  },
};

async function tell(message: WorkerMessage): Promise<void> {
  // It may have gone, and the channel with it: then nobody is to be told.
  await new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}
