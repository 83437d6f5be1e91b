import { writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { JsonValue } from "../../../src/app/contract.js";
import type { StoredFile } from "../../../src/shuffle/stored-file.js";
import { IntermediateReader } from "../../../src/shuffle/merge/intermediate-reader.js";
import { LineValues } from "../../../src/shuffle/merge/line-values.js";

/** A line as the reader returns it. */
export interface DecodedLine {
  key: string;
  keyBytes: number[];
  values: JsonValue[];
  counts: number[];
}

/** Writes a file with exactly these contents, and describes it accordingly. */
export function storedContent(location: string, content: string | Uint8Array): StoredFile {
  writeFileSync(location, content);
  return { location, bytes: Buffer.byteLength(content), checksum: crc32(content) };
}

/** All lines of a file, read in blocks of this size. */
export function decodedLines(file: StoredFile, blockBytes = 64 * 1024): DecodedLine[] {
  const reader = new IntermediateReader(file, { blockBytes, staysOpen: true });
  const line = new LineValues();
  const lines: DecodedLine[] = [];
  try {
    while (reader.nextLine()) {
      const { bytes, start, end } = reader.key;
      const key = { key: reader.keyString(), keyBytes: [...bytes.subarray(start, end)] };
      reader.readValues(line);
      lines.push({ ...key, values: line.values.slice(0, line.length), counts: line.counts.slice(0, line.length) });
    }
  } finally {
    reader.close();
  }
  return lines;
}
