/**
 * Detects compressed files by their first bytes: no text in UTF-8 begins with these. So standard input and files of any
 * name work, and a file that is compressed only in name is detected.
 */
import type { Compression } from "../model/input-kinds.js";

/** The compression of a file that begins with these bytes; undefined when it is not compressed. */
export function compressionOf(first: Uint8Array): Compression | undefined {
  const [a, b, c, d, e, f] = first;
  if (a === 0x1f && b === 0x8b && c === 0x08) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58 && e === 0x5a && f === 0x00) return "xz";
  if (isBzip2(first)) return "bzip2";
  // A skippable frame, with which some writers begin a file.
  return a !== undefined && (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18 ? "zstd" : undefined;
}

/** The compression that a file name indicates; undefined when it indicates none. */
export function compressionOfName(name: string): Compression | undefined {
  if (/\.gz$/i.test(name)) return "gzip";
  if (/\.zst$/i.test(name)) return "zstd";
  if (/\.bz2$/i.test(name)) return "bzip2";
  return /\.xz$/i.test(name) ? "xz" : undefined;
}

/** `BZh1` to `BZh9`, then the digits of π (a block) or of its square root (the end of an empty file). */
function isBzip2(first: Uint8Array): boolean {
  const head = Buffer.from(first.subarray(0, 10));
  return /^BZh[1-9](?:314159265359|177245385090)/.test(head.toString("latin1", 0, 4) + head.toString("hex", 4));
}
