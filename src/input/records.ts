/**
 * How a split is read. What one record is depends on the app's `input` and on which of its functions is to have it:
 *
 *     input      map (strings)             mapBytes
 *     "file"     the whole file            the whole file
 *     "text"     all lines of the split    one chunk of them after the other
 *     "lines"    a line                    a line
 */
import type { InputKind } from "../app/contract.js";
import type { RecordPlace, Split } from "../rpc/protocol.js";
import { ChunkReader } from "./chunk-reader.js";
import { LineBytesReader, LineReader } from "./line-readers.js";
import type { RecordReader } from "./record-reader.js";
import { SkippingReader } from "./skipping-reader.js";
import { WholeBytesReader, WholeTextReader } from "./whole-reader.js";

/** Where a map attempt has its records from; it opens one of the two. */
export interface RecordSource {
  /** The name of the file, as given: the key that `map` sees. */
  readonly file: string;
  /** Throws what opening throws. */
  openText(): RecordReader<string>;
  openBytes(): RecordReader<Uint8Array>;
  /** The records that were left out so far. */
  readonly skipped: readonly RecordPlace[];
}

/** The records of a split, without those that begin at the offsets in `skip`. */
export function sourceOfSplit(split: Split, kind: InputKind, skip: readonly number[] = []): RecordSource {
  const skipped: RecordPlace[] = [];
  const offsets = new Set(skip);
  const leavingOut = <Value extends string | Uint8Array>(reader: RecordReader<Value>): RecordReader<Value> => {
    return offsets.size === 0 ? reader : new SkippingReader(reader, offsets, skipped);
  };
  return {
    file: split.file,
    skipped,
    openText: () => leavingOut(openText(split, kind)),
    openBytes: () => leavingOut(openBytes(split, kind)),
  };
}

/** Opens a split to read its records as strings; bytes that are not UTF-8 become U+FFFD. Throws what opening throws. */
export function openText(split: Split, kind: InputKind): RecordReader<string> {
  return kind === "lines" ? new LineReader(split) : new WholeTextReader(split, kind === "file" ? "file" : "lines");
}

/** Opens a split to read its records as bytes. Throws what opening throws. */
export function openBytes(split: Split, kind: InputKind): RecordReader<Uint8Array> {
  if (kind === "file") return new WholeBytesReader(split, "file");
  return kind === "lines" ? new LineBytesReader(split) : new ChunkReader(split);
}
