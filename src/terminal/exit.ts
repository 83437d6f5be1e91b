import { constants } from "node:os";
import { Writable } from "node:stream";

/** How long a process ended by a signal waits for a reader that does not read. */
const signalPatienceMs = 5000;

/** Exit codes above this belong to processes ended by a signal: 128 plus the number of the signal. */
const signalBase = 128;

/**
 * Ends this process once all output to standard output and error has been read, or the readers are gone. Programs must
 * end only here: `process.exit` drops output that a slow reader has not taken yet.
 *
 * A reader may be arbitrarily slow, but it cannot hold up a process that a signal ends: with an exit code above 128 it
 * has five seconds, and a signal that arrives during the wait ends the process at once.
 */
export async function exit(code: number): Promise<never> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => process.exit(exitCodeOf(signal)));
  if (code > signalBase) setTimeout(() => process.exit(code), signalPatienceMs);
  await Promise.all([process.stdout, process.stderr].map(drained));
  process.exit(code);
}

/** The exit code of a program that a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return signalBase + constants.signals[signal];
}

/** Resolves when the stream has written all its data, or cannot write. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  // Not `stream.write`, which may be redirected. Writes complete in order, so this is the last one.
  return new Promise((resolve) => Writable.prototype.write.call(stream, "", "utf8", () => resolve()));
}
