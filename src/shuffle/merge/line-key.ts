/** How many bytes make up the number that is compared first. */
const prefixBytes = 6;

/**
 * The key of a line as bytes (UTF-8; WTF-8 for lone surrogates, see `key-words.ts`), which may lie in the middle of a
 * block. Its first six bytes are also kept as one number, which distinguishes nearly all keys.
 */
export class LineKey {
  bytes: Uint8Array = new Uint8Array(64);
  start = 0;
  end = 0;
  prefix = 0;

  /** Refers to the key in `bytes` from `start` to `end`, without a copy. */
  set(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.prefix = prefixOf(bytes, start, end);
  }

  /** Copies another key. To be used on a key that is never `set`. */
  copy({ bytes, start, end, prefix }: LineKey): void {
    const length = end - start;
    if (this.bytes.length < length) this.bytes = new Uint8Array(length * 2);
    if (length > 64) this.bytes.set(bytes.subarray(start, end));
    else for (let at = 0; at < length; at++) this.bytes[at] = bytes[start + at] ?? 0;
    this.end = length;
    this.prefix = prefix;
  }

  /** Negative, 0 or positive as the key comes before the other one, is the same, or comes after it. */
  compare(other: LineKey): number {
    if (this.prefix !== other.prefix) return this.prefix < other.prefix ? -1 : 1;
    const lengthA = this.end - this.start;
    const lengthB = other.end - other.start;
    const common = Math.min(lengthA, lengthB);
    for (let at = prefixBytes; at < common; at++) {
      const difference = (this.bytes[this.start + at] ?? 0) - (other.bytes[other.start + at] ?? 0);
      if (difference !== 0) return difference;
    }
    return lengthA - lengthB;
  }
}

/** The first bytes as a number, filled up with zeros, which are never greater than a byte of a longer key. */
function prefixOf(bytes: Uint8Array, start: number, end: number): number {
  let high = 0;
  const middle = start + 4;
  for (let at = start; at < middle; at++) high = (high << 8) | (at < end ? (bytes[at] ?? 0) : 0);
  const fifth = middle < end ? (bytes[middle] ?? 0) : 0;
  const sixth = middle + 1 < end ? (bytes[middle + 1] ?? 0) : 0;
  return (high >>> 0) * 65536 + ((fifth << 8) | sixth);
}
