/** Pieces of buffers: those that app code gives are checked. */

/** Throws a TypeError when `buffer` is no Uint8Array, a RangeError when `start` to `end` is not a piece of it. */
export function requireRange(giver: string, buffer: Uint8Array, start: number, end: number): void {
  const isRange = start >>> 0 === start && end >>> 0 === end && start <= end;
  if (!isRange || !(buffer instanceof Uint8Array) || end > buffer.length) throw rangeError(giver, buffer, start, end);
}

/** The string of some bytes of UTF-8. */
export function decodedRange(buffer: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString();
}

function rangeError(giver: string, buffer: unknown, start: number, end: number): Error {
  if (!(buffer instanceof Uint8Array)) return new TypeError(`${giver}: the bytes must be in a Uint8Array`);
  return new RangeError(`${giver}: ${start} to ${end} is no range of a buffer of ${buffer.length} bytes`);
}
