import { constants } from "node:os";
import { Writable } from "node:stream";

/** How long a process that a signal ends waits for a reader that does not read. */
const signalPatienceMs = 5000;

/** Exit codes above this are for processes that a signal has ended: 128 and the number of the signal. */
const signalBase = 128;

/**
 * Ends this process once standard output and error have taken all that was written to them, or their readers are gone.
 * This is the one place from which a program ends: `process.exit` drops what a slow reader has not taken yet.
 *
 * A reader may be as slow as it likes, but it cannot keep a process that a signal is to end: with an exit code above 128 it
 * has five seconds, and a signal that comes while this waits ends the process at once.
 */
export async function exit(code: number): Promise<never> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => process.exit(exitCodeOf(signal)));
  if (code > signalBase) setTimeout(() => process.exit(code), signalPatienceMs);
  await Promise.all([process.stdout, process.stderr].map(drained));
  process.exit(code);
}

/** The exit code of a program that was ended by a signal. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return signalBase + constants.signals[signal];
}

/** Resolves when the stream has written all that it was given, or cannot write. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  // Not `stream.write`, which may lead elsewhere for now. Writes are done in their order, and so this is the last one.
  return new Promise((resolve) => Writable.prototype.write.call(stream, "", "utf8", () => resolve()));
}
