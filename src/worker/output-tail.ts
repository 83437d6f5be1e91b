import { outputCharactersMax } from "../rpc/attempt-limits.js";

/** A character takes one byte at least. */
const tailBytes = outputCharactersMax;
const countBytes = Float64Array.BYTES_PER_ELEMENT;
const newline = 0x0a;

/**
 * The end of what an attempt has written to standard output and error, in memory that the thread shares with the agent:
 * so it is there when the thread hangs or has died, which is when it is wanted most. A ring of bytes, and how many have
 * gone into it.
 */
export class OutputTail {
  readonly buffer: SharedArrayBuffer;
  readonly #count: Float64Array;
  readonly #ring: Uint8Array;

  /** Makes one; with the buffer of another one, a second view of the same. */
  constructor(buffer = new SharedArrayBuffer(countBytes + tailBytes)) {
    this.buffer = buffer;
    this.#count = new Float64Array(buffer, 0, 1);
    this.#ring = new Uint8Array(buffer, countBytes);
  }

  clear(): void {
    this.#count[0] = 0;
  }

  /** Adds text in UTF-8. What is no more among the last bytes is forgotten. */
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

  /** The text, from the beginning of a line if more was written than is kept; undefined when there is none. */
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
