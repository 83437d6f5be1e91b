/**
 * The lines of a journal: `<checksum> <JSON>\n`, where the checksum has eight hexadecimal digits. It is the CRC-32 of
 * the JSON's UTF-8 bytes, seeded with the checksum of the previous record, or 0 for the first: see `journal-file.ts`.
 */
import { crc32 } from "node:zlib";
import { LineBuffer } from "../../rpc/line-buffer.js";

const newline = 0x0a;
/** The digits and the space after them. */
const headBytes = 9;
/**
 * A longer line, including its newline, is neither written nor read, so that garbage cannot take all memory. Four times
 * what one message may contain.
 */
const lineBytesMax = 64 * 1024 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Encodes a record that follows one with `previousChecksum`. Throws a TypeError when the record is not a JSON value,
 * and a RangeError when it is too long.
 */
export function encodeRecord(record: unknown, previousChecksum: number): { line: Buffer; checksum: number } {
  const json = JSON.stringify(record) as string | undefined;
  if (json === undefined) throw new TypeError(`a record of the journal is not a JSON value: ${typeof record}`);
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

/** How the longest valid prefix of a journal ends, and what follows it. */
export interface JournalEnd {
  /** Length of the prefix. */
  readonly validBytes: number;
  /** The checksum of the prefix's last record, which seeds the next one. */
  readonly checksum: number;
  /** Length of what follows the prefix. */
  readonly restBytes: number;
  /**
   * Undefined when nothing follows the prefix; "torn" when a single line or a piece of one does; "damaged" when a whole
   * line follows the first wrong one.
   */
  readonly damage: "torn" | "damaged" | undefined;
}

/**
 * Reads the longest valid prefix of a journal that arrives in chunks of any size. No input makes it throw; it takes
 * time proportional to the input, and buffers at most one unfinished line.
 */
export class JournalReader {
  readonly #onRecord: (record: unknown) => void;
  #bytes = 0;
  #validBytes = 0;
  #checksum = 0;
  readonly #unfinished = new LineBuffer();
  /** The number of newlines from the first wrong line on; undefined while all lines are valid. */
  #newlinesBehind: number | undefined;

  /** `onRecord` is called before `read` returns, for each record of the prefix. `read` rethrows what it throws. */
  constructor(onRecord: (record: unknown) => void) {
    this.#onRecord = onRecord;
  }

  /** Takes the next bytes, and does not keep them after it returns. */
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

  /** Call it after the last `read`. */
  end(): JournalEnd {
    const restBytes = this.#bytes - this.#validBytes;
    const damage = restBytes === 0 ? undefined : (this.#newlinesBehind ?? 0) < 2 ? "torn" : "damaged";
    return { validBytes: this.#validBytes, checksum: this.#checksum, restBytes, damage };
  }

  /** Returns the line that ends with this piece. */
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
   * Buffers the beginning of a line. JSON contains no NUL, so a hole in the file, which reads as zeros, is not
   * buffered.
   */
  #hold(piece: Buffer): void {
    if (this.#unfinished.bytes + piece.length >= lineBytesMax || piece.includes(0)) {
      this.#newlinesBehind = 0;
      this.#unfinished.take();
      return;
    }
    this.#unfinished.hold(piece);
  }

  /** The first newline ends the wrong line, and the second ends a line after it. */
  #countNewlines(bytes: Buffer): void {
    let count = this.#newlinesBehind ?? 0;
    for (let at = bytes.indexOf(newline); at !== -1 && count < 2; at = bytes.indexOf(newline, at + 1)) count += 1;
    this.#newlinesBehind = count;
  }
}

function headOf(checksum: number): string {
  return `${checksum.toString(16).padStart(8, "0")} `;
}

/** Wrapped in an object, because `null` is a record, too; undefined when this is not JSON in UTF-8. */
function parse(json: Buffer): { record: unknown } | undefined {
  try {
    return { record: JSON.parse(utf8.decode(json)) };
  } catch {
    return undefined;
  }
}
