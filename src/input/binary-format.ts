/** Recognises files that hold text or records but are not text, and knows the command that turns each into text. */

import { encodingName, unmarkedEncodingOf } from "./text-encoding.js";
import type { Encoding } from "../model/input-kinds.js";

/** A format that cannot be read as text. */
export interface BinaryFormat {
  /** Completes the sentence "the file is …". */
  readonly what: string;
  /** The command that makes it readable; `file` is its name, quoted for the shell. */
  readonly command: (file: string) => string;
}

/** How many bytes at the beginning of a file are needed to recognise it: the header of a tar archive. */
export const headBytes = 512;

const piped = (command: string) => (file: string) => `${command} ${file} | mr run APP -`;

const tar: BinaryFormat = { what: "a tar archive", command: piped("tar -xOf") };

/** Formats whose magic numbers contain bytes that no text has. */
const formats: readonly (BinaryFormat & { readonly magic: Buffer })[] = [
  { magic: hex("377abcaf271c"), what: "a 7z archive", command: (file) => `7z e -so ${file} | mr run APP -` },
  { magic: Buffer.from("Rar!\x1a\x07"), what: "a RAR archive", command: piped("unrar p -inul") },
  { magic: hex("04224d18"), what: "LZ4-compressed", command: piped("lz4 -dc") },
  { magic: hex("02214c18"), what: "LZ4-compressed", command: piped("lz4 -dc") },
  { magic: hex("894c5a4f000d0a1a0a"), what: "lzop-compressed", command: piped("lzop -dc") },
  { magic: Buffer.from("LZIP\x01"), what: "lzip-compressed", command: piped("lzip -dc") },
  { magic: hex("1f9d"), what: "compressed by compress", command: piped("gzip -dc") },
  { magic: hex("1fa0"), what: "compressed by compress -H", command: piped("gzip -dc") },
  { magic: hex("1f1e"), what: "compressed by pack", command: piped("gzip -dc") },
  { magic: hex("ff060000734e61507059"), what: "Snappy-compressed", command: piped("snzip -dc") },
  { magic: Buffer.from("Obj\x01"), what: "an Avro file", command: piped("avro-tools tojson") },
  { magic: Buffer.from("ARROW1\0\0"), what: "an Arrow (Feather) file", command: withPyArrow },
  { magic: Buffer.from("SQLite format 3\0"), what: "an SQLite database", command: fromSqlite },
];

/** Formats whose magic numbers are printable: such a file must also contain a control character. */
const readableFormats: typeof formats = [
  { magic: Buffer.from("PAR1"), what: "a Parquet file", command: fromParquet },
  { magic: Buffer.from("PARE"), what: "an encrypted Parquet file", command: fromParquet },
  { magic: Buffer.from("FEA1"), what: "a Feather file", command: withPyArrow },
  { magic: Buffer.from("ORC"), what: "an ORC file", command: piped("orc-contents") },
  { magic: Buffer.from("%PDF-"), what: "a PDF document", command: (file) => `pdftotext ${file} - | mr run APP -` },
];

/** The format of a file that begins with `head`: its first `headBytes`, or all of a shorter file. Undefined when it may be text. */
export function binaryFormatOf(head: Buffer): BinaryFormat | undefined {
  const encoding = unmarkedEncodingOf(head);
  const begins = ({ magic }: { readonly magic: Buffer }) => head.subarray(0, magic.length).equals(magic);
  return (
    formats.find(begins) ??
    zipOf(head) ??
    (isTar(head) ? tar : undefined) ??
    (isLzma(head) ? { what: "LZMA-compressed", command: piped("xz -dc --format=lzma") } : undefined) ??
    (encoding === undefined ? undefined : unmarked(encoding)) ??
    (hasControlCharacters(head) ? readableFormats.find(begins) : undefined)
  );
}

/**
 * The error for a file in that format; `file` is its name. `isCompressed` means that the format was found in the data
 * inside a compressed file.
 */
export function notText(file: string, { what, command }: BinaryFormat, isCompressed = false): string {
  const name = shellName(file);
  if (!isCompressed)
    return `${file} is ${what}, which cannot be read as text; make it readable first: ${command(name)}`;
  const way = what === tar.what ? command(name) : `decompress it to FILE, and ${command("FILE")}`;
  return `${file} is compressed and contains ${what}, which cannot be read as text; make it readable first: ${way}`;
}

/** The name of a file as a shell takes it, or a placeholder for standard input, whose file has no known name. */
export function shellName(file: string): string {
  return file === "-" ? "FILE" : quoted(file);
}

function hex(bytes: string): Buffer {
  return Buffer.from(bytes, "hex");
}

function quoted(name: string): string {
  return /^[\w./:@%+,-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

function unmarked(encoding: Encoding): BinaryFormat {
  const name = encodingName(encoding);
  return { what: `${name} without a byte order mark`, command: piped(`iconv -f ${name} -t UTF-8`) };
}

function fromParquet(file: string): string {
  return `duckdb -c "COPY (FROM read_parquet('${file.replaceAll("'", "")}')) TO 'FILE.jsonl' (FORMAT json)"`;
}

function fromSqlite(file: string): string {
  return `sqlite3 -csv -header ${file} 'SELECT * FROM TABLE' | mr run APP -`;
}

function withPyArrow(file: string): string {
  const code = `import sys, pyarrow.feather as f; f.read_feather(sys.argv[1]).to_json(sys.stdout, orient="records", lines=True)`;
  return `python3 -c '${code}' ${file} | mr run APP -`;
}

/** Zip and the formats stored as zip, which the name of the first entry identifies. An empty archive has no entry. */
function zipOf(head: Buffer): BinaryFormat | undefined {
  if (head.length < 4 || head.toString("latin1", 0, 2) !== "PK") return undefined;
  const kind = head.readUInt16LE(2);
  if (kind !== 0x0403 && kind !== 0x0605 && kind !== 0x0807) return undefined;
  const isEntry = kind === 0x0403 && head.length > 30;
  const entry = isEntry ? head.toString("latin1", 30, 30 + head.readUInt16LE(26)) : "";
  if (/^(?:\[Content_Types\]\.xml|_rels\/|docProps\/|xl\/|word\/)/.test(entry)) {
    return {
      what: "an Office document, such as an Excel workbook (.xlsx)",
      command: (file) => `save it as CSV, or: in2csv ${file} | mr run APP -`,
    };
  }
  if (entry.startsWith("META-INF/")) return { what: "a Java archive (.jar)", command: piped("unzip -p") };
  return { what: "a zip archive", command: piped("unzip -p") };
}

/** Every kind of tar header contains the sum of its bytes, computed with spaces in place of the sum. */
function isTar(head: Buffer): boolean {
  if (head.length < headBytes) return false;
  const field = /^ *([0-7]{1,7})[ \0]/.exec(head.toString("latin1", 148, 156))?.[1];
  if (field === undefined) return false;
  let sum = 8 * 0x20;
  for (let at = 0; at < headBytes; at++) if (at < 148 || at >= 156) sum += head[at] ?? 0;
  return sum === Number.parseInt(field, 8) && head.includes(0);
}

/**
 * The `.lzma` format has no magic number, only properties, the dictionary size, and the length or a marker that it is
 * unknown.
 */
function isLzma(head: Buffer): boolean {
  if (head.length < 14 || head[0] !== 0x5d || head[13] !== 0) return false;
  const dictionaryBytes = head.readUInt32LE(1);
  const length = head.readBigUInt64LE(5);
  const isPowerOf2 = dictionaryBytes >= 4096 && (dictionaryBytes & (dictionaryBytes - 1)) === 0;
  return isPowerOf2 && (length === 0xffffffffffffffffn || length < 2n ** 48n);
}

/** Whether the text has a control character other than line ends, tabs, backspaces, form feeds and escapes. */
function hasControlCharacters(head: Buffer): boolean {
  return head.some((byte) => byte < 0x20 && !(byte >= 0x08 && byte <= 0x0d) && byte !== 0x1b);
}
