import { writeSynchronously } from "../terminal/synchronous-writes.js";

/**
 * A command that runs an app in this process must call this. The app's output must arrive before the app calls
 * `process.exit`, and must not pile up in memory while `map` runs without a pause.
 */
export function makeOutputSynchronous(): void {
  for (const [stream, descriptor] of [
    [process.stdout, 1],
    [process.stderr, 2],
  ] as const) {
    const onError = (error: Error) => process.nextTick(() => stream.emit("error", error));
    writeSynchronously(stream, descriptor, { onError });
  }
}
