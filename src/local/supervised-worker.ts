import { once } from "node:events";
import { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { AppError } from "../app/app-error.js";
import { runWorker } from "../worker/agent.js";
import { goneMessage, type CoordinatorAddress } from "../worker/connect.js";
import type { Departure } from "../worker/departure.js";
import { CoordinatorUnreachableError, WorkerRefusedError } from "../worker/errors.js";
import type { Executor } from "../worker/executor-host.js";
import { connectionDescriptor, type WorkerMessage, type WorkerStart } from "./supervision.js";

const channelTimeoutMs = 1000;

/** Runs a worker of `mr run` to its end, and returns its exit code. Cleans up after a supervisor that was killed. */
export async function work(start: WorkerStart, executor: Promise<Executor>, departure: Departure): Promise<number> {
  // A terminal sends the first two to all its processes, and a program that ends a whole process group sends the third.
  // The supervisor gets them as well, and knows how to react and how long that may take.
  for (const name of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(name, () => undefined);
  const onDisconnect = () => departure.stop("the supervisor is gone");
  process.on("disconnect", onDisconnect);
  // It may have happened before anything listened.
  if (!process.connected) onDisconnect();
  try {
    const onJoined = () => void tell({ type: "joined" });
    const onLost = () => undefined;
    // The supervisor prints it: this process may be killed before a slow reader has taken its output.
    const onWarning = (message: string) => void tell({ type: "warning", message });
    await runWorker({
      app: start.app,
      args: undefined,
      executor,
      profiles: start.profiles,
      memory: start.memory,
      coordinator: supervisor,
      departure,
      onJoined,
      onLost,
      onWarning,
    });
    return 0;
  } catch (error) {
    if (error instanceof CoordinatorUnreachableError) await disconnected();
    if (!process.connected) await (await import("./abandoned-job.js")).clearAbandonedJob(start);
    else if (error instanceof AppError || error instanceof WorkerRefusedError) {
      await tell({ type: "unfit", message: error.message });
    }
    return 1;
  }
}

const supervisor: CoordinatorAddress = {
  name: "mr run",
  seek() {
    let isTaken = false;
    return {
      connect() {
        if (isTaken) return Promise.reject(new CoordinatorUnreachableError(goneMessage("mr run")));
        isTaken = true;
        return Promise.resolve(new Socket({ fd: connectionDescriptor }));
      },
      spend: () => undefined,
    };
  },
  awaitReturn: undefined,
  helloTimeoutMs: undefined,
};

/** A killed supervisor closes all its connections at once, but they may be noticed one by one. */
async function disconnected(): Promise<void> {
  if (process.connected) await Promise.race([once(process, "disconnect"), wait(channelTimeoutMs)]);
}

async function tell(message: WorkerMessage): Promise<void> {
  // The supervisor may have gone, and the channel with it: then there is nothing to tell.
  await new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}
