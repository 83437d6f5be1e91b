import { constants, fstatSync, openSync } from "node:fs";

/**
 * Reopens the pipe that is standard output (1) or error (2). Returns undefined when it is not a pipe or cannot be
 * reopened: on systems other than Linux, or when it belongs to another user.
 *
 * Whether a write to a pipe blocks is a property of the open pipe. All processes that inherited the pipe share it, and
 * each Node.js process among them changes it when it starts and ends. A main thread that is blocked in a write receives
 * no signal, and `Worker.terminate` cannot end a thread that is. A reopened pipe has its own property. A file must not
 * be reopened: it would have its own position, and overwrite what others have written.
 */
export function reopenedPipe(descriptor: 1 | 2): number | undefined {
  try {
    if (!fstatSync(descriptor).isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
