/**
 * Framing: one message a line, ended by LF or CR LF, in UTF-8 (newline-delimited JSON).
 *
 * `split2` cuts lines and decodes them, but it counts characters, looks only at the unfinished line, and scans that line
 * again with every chunk (16 MiB in socket reads take it 4 s). So bytes are counted and an unfinished line is kept
 * here, and `split2` is given whole lines only.
 */
import split2 from "split2";
import { LineBuffer } from "./line-buffer.js";

const lineFeed = 0x0a;

/** Cuts a stream of bytes into lines of at most `bytesMax` bytes, their LF not counted. */
export class LineReader {
  /** May be changed at any time; it holds for the lines that end or grow from then on. */
  bytesMax: number;
  readonly #onTooLong: () => void;
  readonly #splitter;
  readonly #unfinished = new LineBuffer();
  #stopped = false;

  /**
   * `onLine` must not throw. It is called before `read` returns, for each line that ended, empty ones too; `onTooLong`
   * once, after the lines before, and nothing that comes later is read.
   */
  constructor(bytesMax: number, onLine: (line: string) => void, onTooLong: () => void) {
    this.bytesMax = bytesMax;
    this.#onTooLong = onTooLong;
    // The mapper is the sink: it runs inside `write`, so lines and the end of reading keep their order.
    this.#splitter = split2((line: string) => onLine(line));
  }

  /** Takes the next bytes. A line that is unfinished when the stream ends is no message and is dropped. */
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
