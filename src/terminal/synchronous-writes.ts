import { writeSync } from "node:fs";
import { reopenedPipe } from "./reopened-pipe.js";

/** How long to wait for a slow reader: a moment at first, then longer. */
const [waitMsMin, waitMsMax] = [1, 50];
const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

type Done = (error?: Error | null) => void;

/** What to do when a write cannot proceed. */
interface Handlers {
  /** Called now and then while the reader accepts nothing. */
  readonly onWait?: () => void;
  /** Called once, with the first error: EPIPE when the reader is gone. Later writes are dropped. */
  readonly onError?: (error: NodeJS.ErrnoException) => void;
}

/**
 * Makes a standard stream of this thread synchronous: `write` returns when the bytes are in the file, terminal or pipe.
 *
 * Node.js writes to a pipe asynchronously, and a thread other than the main one sends its output through the main
 * thread. Both lose output that the reader has not taken when the process or the thread ends, and buffer it in memory
 * as long as the writing code never awaits anything. With synchronous writes a slow reader slows down the writer
 * instead, as with any other Unix program.
 *
 * `descriptor` is 1 for standard output and 2 for standard error.
 */
export function writeSynchronously(
  stream: Pick<NodeJS.WriteStream, "write">,
  descriptor: 1 | 2,
  handlers: Handlers = {},
): void {
  let file: number | undefined;
  let error: NodeJS.ErrnoException | undefined;
  stream.write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done) => {
    const isNamed = typeof encoding === "string";
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, isNamed ? encoding : "utf8") : chunk;
    if (error === undefined) {
      try {
        file ??= reopenedPipe(descriptor) ?? descriptor;
        writeWhole(file, bytes, handlers.onWait);
      } catch (caught) {
        error = caught as NodeJS.ErrnoException;
        handlers.onError?.(error);
      }
    }
    const callback = isNamed ? done : encoding;
    if (callback !== undefined) process.nextTick(callback, error ?? null);
    return true;
  };
}

function writeWhole(file: number, bytes: Uint8Array, onWait: (() => void) | undefined): void {
  let waitMs = waitMsMin;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(file, bytes, at);
      waitMs = waitMsMin;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      if (waitMs === waitMsMax) onWait?.();
      // `terminate` ends this wait.
      Atomics.wait(pause, 0, 0, waitMs);
      waitMs = Math.min(2 * waitMs, waitMsMax);
    }
  }
}
