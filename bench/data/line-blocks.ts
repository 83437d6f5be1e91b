const blockBytes = 2 ** 20;

/** Writes line `index` into `block` at `at`; returns where it ends. */
export type WriteLine = (index: number, block: Uint8Array, at: number) => number;

/** Lines `first` to `end` − 1, in blocks of about a megabyte. A block is valid until the next one is requested. */
function* lineBlocks(first: number, end: number, lineBytesMax: number, writeLine: WriteLine): Generator<Uint8Array> {
  const block = new Uint8Array(blockBytes);
  let at = 0;
  for (let index = first; index < end; index++) {
    if (at + lineBytesMax > blockBytes) {
      yield block.subarray(0, at);
      at = 0;
    }
    at = writeLine(index, block, at);
  }
  yield block.subarray(0, at);
}

/** Divides `lines` lines into parts of about equal length; a line has at most `lineBytesMax` bytes. */
export function* parts(
  lines: number,
  count: number,
  lineBytesMax: number,
  writeLine: WriteLine,
): Generator<Generator<Uint8Array>> {
  for (let part = 0; part < count; part++) {
    const first = Math.floor((lines * part) / count);
    const end = Math.floor((lines * (part + 1)) / count);
    yield lineBlocks(first, end, lineBytesMax, writeLine);
  }
}

/** Writes a whole number in exactly `digits` decimal digits; returns where it ends. */
export function writeDigits(number: number, digits: number, block: Uint8Array, at: number): number {
  let rest = number;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = Math.floor(rest / 10);
    block[i] = 48 + rest - 10 * tenth;
    rest = tenth;
  }
  return at + digits;
}
