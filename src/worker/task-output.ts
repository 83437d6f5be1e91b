import type { OutputTail } from "./output-tail.js";

const newline = 0x0a;

/** The part of a stream that is used here. */
type Output = Pick<NodeJS.WriteStream, "write">;
type Done = (error?: Error | null) => void;

/**
 * Handles what the app writes to standard output and error of its thread, through `console`, `process.stdout` or `ctx.log`.
 * Each line is marked with the running task (`[map 3] …`), and the end is kept.
 *
 * Incomplete lines are written at once: the last words before a crash must get out.
 */
export class TaskOutput {
  readonly #tail: OutputTail | undefined;
  readonly #streams: MarkedStream[];

  constructor(streams: readonly Output[], tail?: OutputTail) {
    this.#tail = tail;
    this.#streams = streams.map((stream) => new MarkedStream(stream, (bytes) => this.#tail?.add(bytes)));
  }

  /** Marks output with that task from now on. */
  begin(task: string): void {
    for (const stream of this.#streams) stream.begin(Buffer.from(`[${task}] `));
  }

  /** No task runs from now on. */
  end(): void {
    for (const stream of this.#streams) stream.end();
  }

  /** Restores the streams. */
  release(): void {
    for (const stream of this.#streams) stream.release();
  }
}

class MarkedStream {
  readonly #stream: Output;
  readonly #plainWrite: Output["write"];
  readonly #onBytes: (bytes: Uint8Array) => void;
  #mark: Buffer | undefined;
  #isAtLineStart = true;

  constructor(stream: Output, onBytes: (bytes: Uint8Array) => void) {
    this.#stream = stream;
    this.#onBytes = onBytes;
    this.#plainWrite = stream.write;
    stream.write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done) => {
      const isNamed = typeof encoding === "string";
      const bytes = typeof chunk === "string" ? Buffer.from(chunk, isNamed ? encoding : "utf8") : chunk;
      return this.#write(bytes, isNamed ? done : encoding);
    };
  }

  begin(mark: Buffer): void {
    this.#mark = mark;
    this.#isAtLineStart = true;
  }

  end(): void {
    // The next task begins a new line.
    if (this.#mark !== undefined && !this.#isAtLineStart) this.#plainWrite.call(this.#stream, "\n");
    this.#mark = undefined;
  }

  release(): void {
    this.end();
    this.#stream.write = this.#plainWrite;
  }

  #write(bytes: Uint8Array, done: Done | undefined): boolean {
    this.#onBytes(bytes);
    const marked = this.#mark === undefined ? bytes : this.#marked(bytes, this.#mark);
    return this.#plainWrite.call(this.#stream, marked, undefined, done);
  }

  #marked(bytes: Uint8Array, mark: Buffer): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const newlineAt = bytes.indexOf(newline, at);
      const end = newlineAt === -1 ? bytes.length : newlineAt + 1;
      if (this.#isAtLineStart) pieces.push(mark);
      pieces.push(bytes.subarray(at, end));
      this.#isAtLineStart = newlineAt !== -1;
      at = end;
    }
    return Buffer.concat(pieces);
  }
}
