/**
 * Framing: one message per line, ended by LF or CR LF, in UTF-8 (newline-delimited JSON).
 *
 * `split2` cuts and decodes lines, but it counts characters, checks only the unfinished line, and rescans that line
 * with every chunk (a 16 MiB line read from a socket takes 4 s). So this module counts bytes, buffers the unfinished
 * line, and passes only whole lines to `split2`.
 */
import split2 from "split2";
import { LineBuffer } from "./line-buffer.js";

const lineFeed = 0x0a;

/** Cuts a stream of bytes into lines of at most `bytesMax` bytes, not counting the LF. */
export class LineReader {
  /** May be changed at any time, and applies to all lines that end or grow afterwards. */
  bytesMax: number;
  readonly #onTooLong: () => void;
  readonly #splitter;
  readonly #unfinished = new LineBuffer();
  #stopped = false;

  /**
   * `onLine` must not throw. It is called before `read` returns, for each line that ended, even an empty one.
   * `onTooLong` is called once, after all earlier lines, and nothing is read after that.
   */
  constructor(bytesMax: number, onLine: (line: string) => void, onTooLong: () => void) {
    this.bytesMax = bytesMax;
    this.#onTooLong = onTooLong;
    // The mapper is the sink: it runs inside `write`, which keeps lines and the end of reading in order.
    this.#splitter = split2((line: string) => onLine(line));
  }

  /** Takes the next bytes. A line left unfinished at the end of the stream is dropped. */
  read(chunk: Buffer): void {
    if (this.#stopped) return;
    let lineStart = 0;
    let lineEnd = chunk.indexOf(lineFeed);
    let heldBytes = this.#unfinished.bytes;
    while (lineEnd !== -1 && heldBytes + lineEnd - lineStart <= this.bytesMax) {
      heldBytes = 0;
      lineStart = lineEnd + 1;
      lineEnd = chunk.indexOf(lineFeed, lineStart);
    }
    const finished = chunk.subarray(0, lineStart);
    const rest = chunk.subarray(lineStart);
    if (finished.length > 0) this.#pass(finished);
    if (lineEnd !== -1 || this.#unfinished.bytes + rest.length > this.bytesMax) this.#stop();
    else this.#unfinished.hold(rest);
  }

  #pass(lines: Buffer): void {
    if (this.#unfinished.bytes > 0) this.#splitter.write(this.#unfinished.take());
    this.#splitter.write(lines);
  }

  #stop(): void {
    this.#stopped = true;
    this.#unfinished.take();
    this.#onTooLong();
  }
}
