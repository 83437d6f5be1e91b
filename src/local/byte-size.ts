const units = new Map<string, number>([["", 1]]);
for (const [power, letter] of ["K", "M", "G", "T"].entries()) {
  units.set(letter, 1024 ** (power + 1));
  units.set(`${letter}IB`, 1024 ** (power + 1));
  units.set(`${letter}B`, 1000 ** (power + 1));
}
units.set("B", 1);

/**
 * Reads a size such as `256MiB` as a number of bytes. The units follow GNU coreutils, in either case: `KiB` and `K` are
 * 1024 bytes, `kB` is 1000, and so on to `TiB`; a bare number is bytes.
 *
 * The package `bytes` does not work here: it reads "64MiB" as 64.
 *
 * @throws {RangeError} if the text is not a size, or not a whole number of bytes.
 */
export function parseByteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([A-Z]*)$/i.exec(text);
  const unit = units.get(match?.[2]?.toUpperCase() ?? "");
  if (match === null || unit === undefined) throw new RangeError("expected a size such as 500kB, 64MiB or 1GiB");
  const bytes = Number(match[1]) * unit;
  if (!Number.isSafeInteger(bytes)) throw new RangeError("expected a whole number of bytes, less than 8 PiB");
  return bytes;
}
