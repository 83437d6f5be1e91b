import { constants, fstatSync, openSync } from "node:fs";

/**
 * Opens the pipe that is standard output (1) or error (2) once more. Undefined when it is no pipe, or cannot be opened:
 * on a system other than Linux, or when it belongs to another user.
 *
 * Whether a write to a pipe waits inside the system is a property of the open pipe. All processes share it that have
 * inherited the pipe, and each Node.js process among them changes it when it starts and when it ends. A main thread whose
 * write waits hears no signal, and `Worker.terminate` cannot end a thread whose write waits. A pipe that is opened again
 * has a property of its own. A file must not be opened again: it would have a position of its own, and overwrite what
 * others have written.
 */
export function reopenedPipe(descriptor: 1 | 2): number | undefined {
  try {
    if (!fstatSync(descriptor).isFIFO()) return undefined;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}
