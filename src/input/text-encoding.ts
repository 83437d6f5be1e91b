/** Recognises the encoding of a text by its first bytes, and decodes it to UTF-8. */
import type { Encoding } from "../model/input-kinds.js";
import { UnreadableInputError } from "./unreadable-input-error.js";

/** The byte order mark in UTF-8. At the beginning of a file it is not part of the text. */
export const utf8Mark: Buffer = Buffer.from("\ufeff");

const marks: readonly (readonly [Encoding, Buffer])[] = [
  // Before UTF-16, whose mark is a prefix of this mark: no text begins with U+0000.
  ["utf-32le", Buffer.from([0xff, 0xfe, 0, 0])],
  ["utf-32be", Buffer.from([0, 0, 0xfe, 0xff])],
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
];

/** The encoding of a file that begins with these bytes; undefined when it has no byte order mark, or that of UTF-8. */
export function encodingOf(head: Uint8Array): Encoding | undefined {
  return marks.find(([, mark]) => mark.equals(head.subarray(0, mark.length)))?.[0];
}

export function beginsWithUtf8Mark(head: Uint8Array): boolean {
  return utf8Mark.equals(head.subarray(0, utf8Mark.length));
}

/** The name that `iconv` uses. */
export function encodingName(encoding: Encoding): string {
  return encoding.toUpperCase();
}

/**
 * Guesses the encoding of a file without a byte order mark from the positions of its zero bytes: in UTF-16, every other
 * byte of Latin letters is zero. Undefined when it may be UTF-8.
 */
export function unmarkedEncodingOf(head: Uint8Array): Encoding | undefined {
  const units = Math.floor(head.length / 4);
  if (units < 4) return undefined;
  /** The number of zero bytes at each position modulo four. */
  const zeros = [0, 0, 0, 0];
  for (let at = 0; at < units * 4; at++) if (head[at] === 0) zeros[at % 4] = (zeros[at % 4] ?? 0) + 1;
  const most = units * 0.7;
  const mostly = zeros.map((count) => count >= most);
  const never = zeros.map((count) => count === 0);
  if (never[0] && mostly[1] && mostly[2] && mostly[3]) return "utf-32le";
  if (mostly[0] && mostly[1] && mostly[2] && never[3]) return "utf-32be";
  if (never[0] && mostly[1] && never[2] && mostly[3]) return "utf-16le";
  return mostly[0] && never[1] && mostly[2] && never[3] ? "utf-16be" : undefined;
}

/**
 * Decodes text to UTF-8, without its byte order mark. Throws an UnreadableInputError that names the file when the text ends
 * in the middle of a character or contains half a surrogate pair.
 */
export async function* decodedPieces(
  pieces: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  file: string,
): AsyncGenerator<Uint8Array> {
  const unitBytes = encoding.startsWith("utf-16") ? 2 : 4;
  const textOf = unitBytes === 2 ? utf16Text : utf32Text;
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  const fail = (why: string) =>
    new UnreadableInputError(
      `${file} is not the ${encodingName(encoding)} that its byte order mark says: ${why}; convert it to UTF-8 with iconv`,
    );
  /** A high surrogate whose low surrogate comes with the next piece. */
  let pending = "";
  for await (const piece of pieces) {
    // A copy, because bytes are swapped in place.
    const bytes = Buffer.concat([rest, piece]);
    const whole = bytes.length - (bytes.length % unitBytes);
    rest = bytes.subarray(whole);
    let text: string;
    try {
      text = pending + textOf(bytes.subarray(0, whole), encoding.endsWith("be"));
    } catch (error) {
      if (error instanceof RangeError) throw fail(error.message);
      throw error;
    }
    if (isFirst && text.length > 0) {
      text = text.slice(1);
      isFirst = false;
    }
    const last = text.charCodeAt(text.length - 1);
    pending = last >= 0xd800 && last <= 0xdbff ? text.slice(-1) : "";
    if (pending !== "") text = text.slice(0, -1);
    if (!text.isWellFormed()) throw fail("it has half a surrogate pair");
    if (text !== "") yield Buffer.from(text);
  }
  if (rest.length > 0 || pending !== "") throw fail("it ends in the middle of a character (is it cut off?)");
}

function utf16Text(bytes: Buffer, isBigEndian: boolean): string {
  return (isBigEndian ? bytes.swap16() : bytes).toString("utf16le");
}

function utf32Text(bytes: Buffer, isBigEndian: boolean): string {
  const units = Buffer.alloc(bytes.length);
  let end = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    const code = isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new RangeError(`${code} is not a character`);
    if (code < 0x10000) end = units.writeUInt16LE(code, end);
    else {
      end = units.writeUInt16LE(0xd7c0 + (code >> 10), end);
      end = units.writeUInt16LE(0xdc00 + (code & 0x3ff), end);
    }
  }
  return units.toString("utf16le", 0, end);
}
