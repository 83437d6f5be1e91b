import { cutOffCode, invalidRequestCode, MessageTooLongError } from "./errors.js";
import { LineReader } from "./frames.js";
import type { ReceiveLimits } from "./limits.js";
import { parseLine } from "./messages.js";
import { TokenBucket, type Rate } from "./token-bucket.js";

/** What an inbox tells its peer. Neither may throw. */
export interface InboxListener {
  /** A line has come: a message or a batch of `count`; undefined when it is not JSON. `answered` is to be called for it. */
  onMessage(message: unknown, count: number): void;
  /** The other end has gone too far, `text` says in what. Nothing is read any more. */
  onExcess(code: number, text: string): void;
}

/**
 * What comes from the other end of a connection: makes messages of bytes, and keeps count of them, so that nobody takes
 * more of our memory and time than the limits say.
 */
export class Inbox {
  readonly #listener: InboxListener;
  readonly #nowMs: () => number;
  readonly #reader: LineReader;
  #limits: ReceiveLimits;
  #messages: TokenBucket;
  #bytes: TokenBucket;
  #unanswered = 0;
  #isClosed = false;

  /** `nowMs` is a clock that does not go back. */
  constructor(limits: ReceiveLimits, nowMs: () => number, listener: InboxListener) {
    this.#listener = listener;
    this.#nowMs = nowMs;
    this.#limits = limits;
    this.#messages = new TokenBucket(limits.messages, nowMs);
    this.#bytes = new TokenBucket(limits.bytes, nowMs);
    this.#reader = new LineReader(
      limits.lineBytesMax,
      (line) => this.#take(line),
      () => this.#exceed(invalidRequestCode, new MessageTooLongError(this.#limits.lineBytesMax).message),
    );
  }

  /** From now on these limits hold. */
  setLimits(limits: ReceiveLimits): void {
    this.#limits = limits;
    this.#reader.bytesMax = limits.lineBytesMax;
    this.#messages = new TokenBucket(limits.messages, this.#nowMs);
    this.#bytes = new TokenBucket(limits.bytes, this.#nowMs);
  }

  read(chunk: Buffer): void {
    if (this.#isClosed) return;
    if (this.#bytes.take(chunk.length)) this.#reader.read(chunk);
    else this.#exceedRate("bytes", this.#limits.bytes);
  }

  /** Says that what was given to `onMessage` is done with. */
  answered(count: number): void {
    this.#unanswered -= count;
  }

  /** Drops what comes from now on. */
  close(): void {
    this.#isClosed = true;
  }

  #take(line: string): void {
    if (this.#isClosed) return;
    const message = line === "" ? null : parseLine(line);
    const count = Array.isArray(message) ? Math.max(1, message.length) : 1;
    if (!this.#messages.take(count)) this.#exceedRate("messages", this.#limits.messages);
    // An empty line is no message, but many are a flood.
    else if (line !== "") this.#pass(message, count);
  }

  #pass(message: unknown, count: number): void {
    const before = this.#unanswered;
    this.#unanswered += count;
    const { callsMax } = this.#limits;
    // Not at once: after a stop a heap of heartbeats comes in one chunk, and all are answered within this turn.
    if (before <= callsMax && this.#unanswered > callsMax) setImmediate(() => this.#checkUnanswered());
    this.#listener.onMessage(message, count);
  }

  #checkUnanswered(): void {
    const { callsMax } = this.#limits;
    if (this.#unanswered > callsMax) this.#exceed(cutOffCode, `more than ${callsMax} calls wait for an answer`);
  }

  #exceedRate(what: string, { burst, perSecond }: Rate): void {
    this.#exceed(cutOffCode, `too many ${what}: more than ${burst} at once or ${perSecond} a second`);
  }

  #exceed(code: number, text: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener.onExcess(code, text);
  }
}
