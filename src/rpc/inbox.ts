import { cutOffCode, invalidRequestCode, MessageTooLongError } from "./errors.js";
import { LineReader } from "./frames.js";
import type { ReceiveLimits } from "./limits.js";
import { parseLine } from "./messages.js";
import { TokenBucket, type Rate } from "./token-bucket.js";

/** Receives the messages and the violations that an inbox finds. Neither callback may throw. */
export interface InboxListener {
  /**
   * A line arrived: a message or a batch of `count` messages; undefined if it is not JSON. Answering it ends with
   * `answered`.
   */
  onMessage(message: unknown, count: number): void;
  /** The other end exceeded a limit; `text` says which. The inbox reads nothing more. */
  onExcess(code: number, text: string): void;
}

/**
 * The receiving side of a connection: turns bytes into messages, and counts them, to keep the other end from taking
 * more memory and time than the limits allow.
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

  /** `nowMs` must be a monotonic clock. */
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

  /** Applies new limits from now on. */
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

  /** Reports that messages passed to `onMessage` have been handled. */
  answered(count: number): void {
    this.#unanswered -= count;
  }

  /** Drops everything that arrives from now on. */
  close(): void {
    this.#isClosed = true;
  }

  #take(line: string): void {
    if (this.#isClosed) return;
    const message = line === "" ? null : parseLine(line);
    const count = Array.isArray(message) ? Math.max(1, message.length) : 1;
    if (!this.#messages.take(count)) this.#exceedRate("messages", this.#limits.messages);
    // An empty line is not a message, but many of them are a flood.
    else if (line !== "") this.#pass(message, count);
  }

  #pass(message: unknown, count: number): void {
    const before = this.#unanswered;
    this.#unanswered += count;
    const { callsMax } = this.#limits;
    // Checked later: after a stall, many heartbeats arrive in one chunk, and all are answered within this turn.
    if (before <= callsMax && this.#unanswered > callsMax) setImmediate(() => this.#checkUnanswered());
    this.#listener.onMessage(message, count);
  }

  #checkUnanswered(): void {
    const { callsMax } = this.#limits;
    if (this.#unanswered > callsMax) this.#exceed(cutOffCode, `more than ${callsMax} calls are unanswered`);
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
