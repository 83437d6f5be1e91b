/**
 * Lossless file names as strings. To Linux a name is bytes, and Node decodes them as UTF-8: names that are not UTF-8
 * end up with U+FFFD, and no longer lead to their files. Here each byte that is not UTF-8 becomes a lone surrogate,
 * U+DC80 to U+DCFF, as in Python (PEP 383, "surrogateescape"). No UTF-8 decodes to such a surrogate, so the conversion is
 * reversible, and JSON can carry them.
 */
import { isUtf8 } from "node:buffer";
import { statSync, type Stats } from "node:fs";

const escapes = 0xdc00;
const loneEscape = /^[\udc80-\udcff]$/u;
const replacement = "\ufffd";

/** Converts the bytes of a name to a string. */
export function nameOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let name = "";
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    name += length === 0 ? String.fromCharCode(escapes + (bytes[at] ?? 0)) : bytes.toString("utf8", at, at + length);
    at += Math.max(1, length);
  }
  return name;
}

/** Returns the form that `node:fs` functions need: the name itself, or its bytes when it is not UTF-8. */
export function fsPath(name: string): string | Buffer {
  return isUtf8Name(name) ? name : bytesOfName(name);
}

/**
 * Inspects a path that a user typed; undefined when nothing can be there: nothing has that name, a part of the path is
 * a file, a name is too long, or it contains a NUL. Throws every other system error.
 */
export function statsOf(path: string): Stats | undefined {
  if (path.includes("\0")) return undefined;
  try {
    return statSync(fsPath(path), { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR" || code === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

/** Returns the bytes of a name in the file system. */
export function bytesOfName(name: string): Buffer {
  if (isUtf8Name(name)) return Buffer.from(name);
  const parts = name.split(/([\udc80-\udcff])/u);
  return Buffer.concat(
    parts.map((part) => (loneEscape.test(part) ? Buffer.from([part.charCodeAt(0) - escapes]) : Buffer.from(part))),
  );
}

export function isUtf8Name(name: string): boolean {
  return name.isWellFormed();
}

/** A name for display and for apps: bytes that are not UTF-8 appear as `\xe9`. */
export function shownName(name: string): string {
  if (isUtf8Name(name)) return name;
  return name.replace(/[\udc80-\udcff]/gu, (escape) => `\\x${(escape.charCodeAt(0) - escapes).toString(16)}`);
}

/** The length in bytes of the UTF-8 character at this place; 0 when it is invalid. */
function characterLength(bytes: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length += 1) {
    if (isUtf8(bytes.subarray(at, at + length))) return length;
  }
  return 0;
}

/**
 * Returns the arguments of this process, including file names, without loss. Node has decoded them, but on Linux the
 * kernel still has their bytes. Elsewhere, and when the bytes are unavailable, the arguments stay unchanged.
 */
export function withExactBytes(argv: readonly string[], readCommandLine: () => Buffer): string[] {
  if (!argv.some((argument) => argument.includes(replacement))) return [...argv];
  const exact = argumentsIn(readCommandLine);
  return argv.map((argument, index) => {
    // Node's own options come before the program, and are not in `argv`.
    const bytes = exact.at(index - argv.length);
    return bytes?.toString("utf8") === argument ? nameOfBytes(bytes) : argument;
  });
}

function argumentsIn(readCommandLine: () => Buffer): Buffer[] {
  let rest: Buffer;
  try {
    rest = readCommandLine();
  } catch {
    return [];
  }
  const found: Buffer[] = [];
  for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
    found.push(rest.subarray(0, end));
    rest = rest.subarray(end + 1);
  }
  return found;
}
