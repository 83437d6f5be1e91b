import { isUtf8 } from "node:buffer";
import { headBytes, type BinaryFormat } from "../../input/binary-format.js";
import type { Compression, Encoding } from "../../model/input-kinds.js";
import { contentOf } from "../../input/content.js";
import { beginningOf, type Beginning } from "../../input/file-pieces.js";
import type { InputFile } from "../../input/files.js";
import { InputError } from "../../input/input-error.js";
import { InputHandle } from "../../input/input-handle.js";
import { beginsWithUtf8Mark, decodedPieces, utf8Mark } from "../../input/text-encoding.js";
import { UnreadableInputError } from "../../input/unreadable-input-error.js";

/** How much of a file is read from its beginning: all of a small file. */
const beginningBytes = 8 * 2 ** 20;
/** The number and length of the other places where the lines of a large file are measured. */
const [placesCount, placeBytes] = [16, 64 * 1024];

const [newline, carriageReturn] = [0x0a, 0x0d];

/** Some of a file's bytes, and the findings about the whole file. */
export interface Sample {
  /** The beginning as UTF-8 without a byte order mark, up to the end of a line unless it is all of the file. */
  readonly text: Buffer;
  readonly isAll: boolean;
  readonly compression?: Compression | undefined;
  readonly encoding: Encoding | "utf-8";
  readonly hasMark: boolean;
  /** Set when the file, or what it contains, is not text. */
  readonly binary?: BinaryFormat | undefined;
  /** Set when the decompressed data is compressed itself. */
  readonly innerCompression?: Compression | undefined;
  /** How many lines there are; undefined when the length is unknown. */
  readonly lines: LineCount | undefined;
  readonly lineEnds: LineEnds;
}

/** A number of lines. `more`: all of a compressed file was read, but not all of its contents. */
export interface LineCount {
  readonly count: number;
  readonly is: "exact" | "estimated" | "more";
}

type LineEnds = "LF" | "CRLF" | "CR" | "mixed" | "none";

/**
 * Reads some of a file. `isCut` means that the file is the beginning of another input, whose length is unknown. Throws an
 * InputError when the file cannot be read.
 */
export async function sampleOf(file: InputFile, isCut: boolean): Promise<Sample> {
  const { compression } = file;
  if (file.binary !== undefined) return notText({ compression, binary: file.binary });
  let beginning;
  try {
    beginning = await beginningOf({ ...file, file: file.name }, beginningBytes);
    if (beginning.error !== undefined && !isCut) throw beginning.error;
  } catch (error) {
    if (error instanceof UnreadableInputError) throw new InputError(error.message, { cause: error });
    throw new InputError(`cannot read ${file.name}: ${(error as Error).message}`, { cause: error });
  }
  const isAll = beginning.isAll && !isCut;
  const { encoding, binary, compression: innerCompression } = contentOf(beginning.bytes.subarray(0, headBytes));
  if (compression !== undefined && (binary ?? innerCompression) !== undefined) {
    return notText({ compression, binary, innerCompression });
  }
  const hasMark = encoding !== undefined || beginsWithUtf8Mark(beginning.bytes);
  const decoded =
    encoding === undefined
      ? beginning.bytes.subarray(hasMark ? utf8Mark.length : 0)
      : await decodedBeginning(beginning.bytes, encoding, file.name, isAll);
  const lineEnds = lineEndsOf(decoded);
  const text = isAll ? decoded : wholeLines(decoded, lineEnds);
  const lines = isCut ? undefined : lineCountOf(file, { ...beginning, isAll }, encoding, { text, lineEnds });
  return { text, isAll, compression, encoding: encoding ?? "utf-8", hasMark, lines, lineEnds };
}

function notText(known: Pick<Sample, "compression" | "binary" | "innerCompression">): Sample {
  return {
    ...{ text: Buffer.alloc(0), isAll: false, encoding: "utf-8", hasMark: false, lines: undefined, lineEnds: "none" },
    ...known,
  } as const;
}

function lineCountOf(
  file: InputFile,
  { isAll, storedBytes }: Pick<Beginning, "isAll" | "storedBytes">,
  encoding: Encoding | undefined,
  { text, lineEnds }: Pick<Sample, "text" | "lineEnds">,
): LineCount {
  const count = linesIn(text, lineEnds);
  if (isAll) return { count, is: "exact" };
  if (file.compression === undefined && encoding === undefined) {
    return { count: Math.max(1, Math.round(file.sizeBytes * linesPerByte(file, lineEnds))), is: "estimated" };
  }
  if (storedBytes >= file.sizeBytes) return { count, is: "more" };
  return { count: Math.round((count / storedBytes) * file.sizeBytes), is: "estimated" };
}

/** Decodes the beginning of a text, which may end within a character. */
async function decodedBeginning(bytes: Buffer, encoding: Encoding, file: string, isAll: boolean): Promise<Buffer> {
  const decoded: Uint8Array[] = [];
  const pieces = (async function* () {
    yield await Promise.resolve(bytes);
  })();
  try {
    for await (const piece of decodedPieces(pieces, encoding, file)) decoded.push(piece);
  } catch (error) {
    if (isAll || decoded.length === 0) throw new InputError((error as Error).message, { cause: error });
  }
  return Buffer.concat(decoded);
}

/** Which line ends there are, in the way of the readers: a lone carriage return ends a line only if the first line ends so. */
function lineEndsOf(text: Buffer): LineEnds {
  const first = text.indexOf(newline);
  const firstReturn = text.indexOf(carriageReturn);
  if (first < 0 && firstReturn < 0) return "none";
  if (first < 0 || (firstReturn >= 0 && firstReturn < first - 1)) return "CR";
  let [crlf, lf] = [0, 0];
  for (let at = first; at >= 0; at = text.indexOf(newline, at + 1)) {
    if (text[at - 1] === carriageReturn) crlf += 1;
    else lf += 1;
  }
  if (crlf > 0 && lf > 0) return "mixed";
  return crlf > 0 ? "CRLF" : "LF";
}

function wholeLines(text: Buffer, ends: LineEnds): Buffer {
  const end = text.lastIndexOf(ends === "CR" ? carriageReturn : newline) + 1;
  return end === 0 ? text : text.subarray(0, end);
}

function linesIn(text: Buffer, ends: LineEnds): number {
  const end = ends === "CR" ? carriageReturn : newline;
  const isEnded = text.length === 0 || text.at(-1) === end;
  return countOf(text, end) + (isEnded ? 0 : 1);
}

function countOf(bytes: Buffer, byte: number): number {
  let count = 0;
  for (let at = bytes.indexOf(byte); at >= 0; at = bytes.indexOf(byte, at + 1)) count += 1;
  return count;
}

/** How many lines there are for each byte of a large file, on average over places that are spread over it. */
function linesPerByte(file: InputFile, ends: LineEnds): number {
  const handle = new InputHandle({ ...file, file: file.name });
  try {
    const block = Buffer.alloc(placeBytes);
    let [bytes, lines] = [0, 0];
    for (let place = 0; place < placesCount; place++) {
      const position = Math.floor(((handle.sizeBytes - placeBytes) * place) / (placesCount - 1));
      const read = handle.read(block, 0, placeBytes, position);
      bytes += read;
      lines += countOf(block.subarray(0, read), ends === "CR" ? carriageReturn : newline);
    }
    return lines / bytes;
  } finally {
    handle.close();
  }
}

/** The first line that is not UTF-8. */
export interface NotUtf8 {
  /** From 1. */
  readonly line: number;
  /** The number of the first wrong byte in the text, from 0. */
  readonly offset: number;
  readonly byte: number;
  /** The line, read as Windows-1252. */
  readonly asWindows1252: string;
}

/** Finds the first line of a text that is not UTF-8; undefined when all of it is. */
export function findNotUtf8(text: Buffer): NotUtf8 | undefined {
  if (isUtf8(text)) return undefined;
  for (let [start, line] = [0, 1]; start < text.length; line += 1) {
    const found = text.indexOf(newline, start);
    const end = found < 0 ? text.length : found + 1;
    const bytes = text.subarray(start, end);
    if (!isUtf8(bytes)) {
      const at = start + validBytes(bytes);
      const shown = new TextDecoder("windows-1252").decode(bytes).trimEnd();
      return { line, offset: at, byte: text[at] ?? 0, asWindows1252: shown };
    }
    start = end;
  }
  return undefined;
}

/** How many bytes at the beginning are UTF-8. */
function validBytes(bytes: Buffer): number {
  let end = 0;
  for (let length = 1; length <= bytes.length; length++) {
    if (isUtf8(bytes.subarray(end, length))) end = length;
    else if (length - end > 3) break;
  }
  return end;
}
