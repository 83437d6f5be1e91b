/**
 * The lines of a journal: `<checksum> <JSON>\n`, the checksum as eight hexadecimal digits. It is the CRC-32 of the JSON's
 * UTF-8 bytes that begins with the checksum of the record before, and with 0 for the first: see `journal-file.ts`.
 */
import { crc32 } from "node:zlib";
import { LineBuffer } from "../../rpc/line-buffer.js";

const newline = 0x0a;
/** Digits and the space behind them. */
const headBytes = 9;
/**
 * A longer line, its newline counted, is neither written nor read, so that rubbish cannot take all memory. Four times
 * what one message may bring.
 */
const lineBytesMax = 64 * 1024 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The line of a record that follows one with `previousChecksum`. Throws a TypeError when the record is no JSON value,
 * and a RangeError when it is too long.
 */
export function encodeRecord(record: unknown, previousChecksum: number): { line: Buffer; checksum: number } {
  const json = JSON.stringify(record) as string | undefined;
  if (json === undefined) throw new TypeError(`a record of the journal is no JSON value: ${typeof record}`);
  const lineBytes = headBytes + Buffer.byteLength(json) + 1;
  if (lineBytes > lineBytesMax) {
    throw new RangeError(`a record of the journal takes ${lineBytes} bytes; at most ${lineBytesMax} are possible`);
  }
  const line = Buffer.allocUnsafe(lineBytes);
  line.write(json, headBytes);
  const checksum = crc32(line.subarray(headBytes, -1), previousChecksum);
  line.write(headOf(checksum), "latin1");
  line[lineBytes - 1] = newline;
  return { line, checksum };
}

/** How the longest valid prefix of a journal ends, and what stands behind it. */
export interface JournalEnd {
  /** Length of the prefix. */
  readonly validBytes: number;
  /** Of the prefix's last record: what the next one is to begin with. */
  readonly checksum: number;
  /** Length of what follows the prefix. */
  readonly restBytes: number;
  /**
   * Undefined when nothing follows the prefix; "torn" when that is one line or a piece of one; "damaged" when there is a
   * whole line behind the first that is wrong.
   */
  readonly damage: "torn" | "damaged" | undefined;
}

/**
 * Reads the longest valid prefix of a journal that comes in chunks of any size. No bytes make it throw, it takes time in
 * proportion to their number, and it holds no more of them than one unfinished line.
 */
export class JournalReader {
  readonly #onRecord: (record: unknown) => void;
  #bytes = 0;
  #validBytes = 0;
  #checksum = 0;
  readonly #unfinished = new LineBuffer();
  /** How many newlines were seen from the first wrong line on; undefined while there is none. */
  #newlinesBehind: number | undefined;

  /** `onRecord` is called before `read` returns, for each record of the prefix. What it throws, `read` throws. */
  constructor(onRecord: (record: unknown) => void) {
    this.#onRecord = onRecord;
  }

  /** Takes the next bytes; they are of no use to the reader any more when it returns. */
  read(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#bytes += bytes.length;
    let start = 0;
    while (this.#newlinesBehind === undefined) {
      const end = bytes.indexOf(newline, start);
      if (end === -1) {
        this.#hold(bytes.subarray(start));
        return;
      }
      if (this.#takeLine(this.#lineWith(bytes.subarray(start, end)))) start = end + 1;
      else this.#newlinesBehind = 0;
    }
    this.#countNewlines(bytes.subarray(start));
  }

  /** To be called after the last `read`. */
  end(): JournalEnd {
    const restBytes = this.#bytes - this.#validBytes;
    const damage = restBytes === 0 ? undefined : (this.#newlinesBehind ?? 0) < 2 ? "torn" : "damaged";
    return { validBytes: this.#validBytes, checksum: this.#checksum, restBytes, damage };
  }

  /** The line of which this is the last piece. */
  #lineWith(piece: Buffer): Buffer {
    return this.#unfinished.bytes === 0 ? piece : Buffer.concat([this.#unfinished.take(), piece]);
  }

  /** Whether the line, without its newline, is the next record. */
  #takeLine(line: Buffer): boolean {
    if (line.length <= headBytes || line.length >= lineBytesMax) return false;
    const json = line.subarray(headBytes);
    const checksum = crc32(json, this.#checksum);
    if (line.toString("latin1", 0, headBytes) !== headOf(checksum)) return false;
    const parsed = parse(json);
    if (parsed === undefined) return false;
    this.#checksum = checksum;
    this.#validBytes += line.length + 1;
    this.#onRecord(parsed.record);
    return true;
  }

  /**
   * Keeps the beginning of a line. JSON has no NUL, so that a hole in the file, which reads as zeros, is not gathered up.
   */
  #hold(piece: Buffer): void {
    if (this.#unfinished.bytes + piece.length >= lineBytesMax || piece.includes(0)) {
      this.#newlinesBehind = 0;
      this.#unfinished.take();
      return;
    }
    this.#unfinished.hold(piece);
  }

  /** The first ends the wrong line, the second a line behind it. */
  #countNewlines(bytes: Buffer): void {
    let count = this.#newlinesBehind ?? 0;
    for (let at = bytes.indexOf(newline); at !== -1 && count < 2; at = bytes.indexOf(newline, at + 1)) count += 1;
    this.#newlinesBehind = count;
  }
}

function headOf(checksum: number): string {
  return `${checksum.toString(16).padStart(8, "0")} `;
}

/** In an object, since `null` is a record too; undefined when this is not JSON in UTF-8. */
function parse(json: Buffer): { record: unknown } | undefined {
  try {
    return { record: JSON.parse(utf8.decode(json)) };
  } catch {
    return undefined;
  }
}
