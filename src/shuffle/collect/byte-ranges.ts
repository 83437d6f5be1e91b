/** Pieces of buffers, checked where app code supplies them. */

/** Throws a TypeError unless `buffer` is a Uint8Array, a RangeError unless `start` to `end` lies in it. */
export function requireRange(giver: string, buffer: Uint8Array, start: number, end: number): void {
  const isRange = start >>> 0 === start && end >>> 0 === end && start <= end;
  if (!isRange || !(buffer instanceof Uint8Array) || end > buffer.length) throw rangeError(giver, buffer, start, end);
}

/** Decodes a range of UTF-8. */
export function decodedRange(buffer: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString();
}

function rangeError(giver: string, buffer: unknown, start: number, end: number): Error {
  if (!(buffer instanceof Uint8Array)) return new TypeError(`${giver}: the bytes must be in a Uint8Array`);
  return new RangeError(`${giver}: ${start} to ${end} is not a range of a buffer of ${buffer.length} bytes`);
}
