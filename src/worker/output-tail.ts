import { outputCharactersMax } from "../model/attempt-limits.js";

/** A character takes at least one byte. */
const tailBytes = outputCharactersMax;
const countBytes = Float64Array.BYTES_PER_ELEMENT;
const newline = 0x0a;

/**
 * The end of an attempt's standard output and error, in memory that the thread shares with the agent: so it is
 * available when the thread hangs or has died, which is when it is needed most. A ring of bytes, and the number of
 * bytes written to it.
 */
export class OutputTail {
  readonly buffer: SharedArrayBuffer;
  readonly #count: Float64Array;
  readonly #ring: Uint8Array;

  /** Creates a tail, or with the buffer of another tail, a second view of that tail. */
  constructor(buffer = new SharedArrayBuffer(countBytes + tailBytes)) {
    this.buffer = buffer;
    this.#count = new Float64Array(buffer, 0, 1);
    this.#ring = new Uint8Array(buffer, countBytes);
  }

  clear(): void {
    this.#count[0] = 0;
  }

  /** Adds text in UTF-8. Bytes beyond the capacity are forgotten, oldest first. */
  add(bytes: Uint8Array): void {
    const count = this.#count[0] ?? 0;
    const skipped = Math.max(0, bytes.length - tailBytes);
    const at = (count + skipped) % tailBytes;
    const last = bytes.subarray(skipped);
    const beforeWrap = last.subarray(0, tailBytes - at);
    this.#ring.set(beforeWrap, at);
    this.#ring.set(last.subarray(beforeWrap.length), 0);
    this.#count[0] = count + bytes.length;
  }

  /** The text, beginning with a line start if more was written than is kept; undefined when there is none. */
  text(): string | undefined {
    const count = this.#count[0] ?? 0;
    const at = count % tailBytes;
    const isCut = count > tailBytes;
    const kept = isCut
      ? Buffer.concat([this.#ring.subarray(at), this.#ring.subarray(0, at)])
      : this.#ring.slice(0, count);
    const lineStart = isCut ? kept.indexOf(newline) + 1 : 0;
    const text = new TextDecoder().decode(kept.subarray(lineStart === kept.length ? 0 : lineStart)).trimEnd();
    return text === "" ? undefined : text;
  }
}
