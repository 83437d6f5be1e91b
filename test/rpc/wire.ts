/** The other end of a connection without any protocol: bytes out, parsed lines in. */
import type { Duplex } from "node:stream";
import split2 from "split2";

export class Wire {
  readonly stream: Duplex;
  readonly #lines: AsyncIterator<string>;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on("error", () => undefined);
    this.#lines = stream.pipe(split2())[Symbol.asyncIterator]() as AsyncIterator<string>;
  }

  /** Each string or buffer is one write. */
  send(...chunks: (string | Buffer)[]): void {
    for (const chunk of chunks) this.stream.write(chunk);
  }

  sendMessage(message: unknown): void {
    this.send(`${JSON.stringify(message)}\n`);
  }

  /** The next message that arrives; undefined at the end of the stream. */
  async next(): Promise<unknown> {
    const next = await this.#lines.next();
    return next.done === true ? undefined : JSON.parse(next.value);
  }
}

/** A request with an id. */
export function request(id: number | string | null, method: string, params?: unknown): object {
  return { jsonrpc: "2.0", id, method, params };
}
