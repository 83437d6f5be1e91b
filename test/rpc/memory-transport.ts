/** The transport of tests: connections within the process that behave like sockets. */
import { Duplex } from "node:stream";
import type { Listener } from "../../src/rpc/transport.js";

type WriteCallback = (error?: Error | null) => void;

/** Two streams; data written to one is read from the other, with backpressure. */
export function duplexPair(): [Duplex, Duplex] {
  const a = new MemoryDuplex();
  const b = new MemoryDuplex();
  a.other = b;
  b.other = a;
  return [a, b];
}

/** An address that only this process can connect to. */
export class MemoryListener implements Listener {
  readonly address = "memory";
  readonly #onConnection: (stream: Duplex) => void;
  #listening = true;

  constructor(onConnection: (stream: Duplex) => void) {
    this.#onConnection = onConnection;
  }

  connect(): Promise<Duplex> {
    if (!this.#listening) {
      return Promise.reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
    }
    const [near, far] = duplexPair();
    for (const stream of [near, far]) stream.on("error", () => undefined);
    this.#onConnection(far);
    return Promise.resolve(near);
  }

  close(): Promise<void> {
    this.#listening = false;
    return Promise.resolve();
  }

  withdraw(): Promise<void> {
    return this.close();
  }
}

class MemoryDuplex extends Duplex {
  other: MemoryDuplex | undefined;
  /** The callback of the write that this side has not read yet. */
  #onRead: WriteCallback | undefined;
  #otherEnded = false;

  constructor() {
    // Like `net.Socket` by default: an end that reads the other's end also ends.
    super({ allowHalfOpen: false });
  }

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = undefined;
    onRead?.();
  }

  override _write(chunk: Buffer, _encoding: string, callback: WriteCallback): void {
    const other = this.other;
    if (other === undefined || other.destroyed) {
      callback(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    } else if (other.push(chunk)) {
      process.nextTick(callback);
    } else {
      other.#onRead = callback;
    }
  }

  override _final(callback: WriteCallback): void {
    this.other?.takeEnd();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#onRead?.(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    this.other?.takeEnd();
    callback(error);
  }

  /** The other side has ended or is gone: as on a socket, there is nothing more to read. */
  takeEnd(): void {
    if (this.#otherEnded || this.destroyed) return;
    this.#otherEnded = true;
    this.push(null);
  }
}
