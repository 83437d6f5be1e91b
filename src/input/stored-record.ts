import type { InputKind } from "../app/contract.js";
import { decode } from "./decode.js";
import type { RecordReader } from "./record-reader.js";
import type { RecordSource } from "./records.js";

const newline = 0x0a;
const carriageReturn = 0x0d;

/** A record that was kept apart from its file. */
interface StoredRecord {
  /** The name of its file, as given. */
  readonly file: string;
  /** Where it begins in the file. */
  readonly offset: number;
  /** All of its bytes, the line ending included. */
  readonly bytes: Buffer;
}

/** Gives an app a single record, as the reader of its file has given it. */
export function sourceOfRecord({ file, offset, bytes }: StoredRecord, kind: InputKind): RecordSource {
  const endOffset = offset + bytes.length;
  const given = kind === "lines" ? withoutLineEnd(bytes) : bytes;
  return {
    file,
    skipped: [],
    openText: () => new OneRecord(decode(given, { file }, offset, "let the app use mapBytes"), offset, endOffset),
    openBytes: () => new OneRecord(given, offset, endOffset),
  };
}

class OneRecord<Value extends string | Uint8Array> implements RecordReader<Value> {
  readonly value: Value;
  readonly offset: number;
  readonly endOffset: number;
  #isRead = false;

  constructor(value: Value, offset: number, endOffset: number) {
    this.value = value;
    this.offset = offset;
    this.endOffset = endOffset;
  }

  next(): boolean {
    const isThere = !this.#isRead;
    this.#isRead = true;
    return isThere;
  }

  close(): void {
    // There is no file.
  }
}

function withoutLineEnd(line: Buffer): Buffer {
  if (line.at(-1) !== newline) return line;
  return line.subarray(0, line.at(-2) === carriageReturn ? -2 : -1);
}
