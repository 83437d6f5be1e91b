import fc from "fast-check";
import { encodeRecord, JournalReader, type JournalEnd } from "../../../src/coordinator/journal/journal-lines.js";
import { hostileKey, jsonValue } from "../../shuffle/hostile-data.js";

/** Any JSON value, and objects with troublesome keys. */
export const journalRecord: fc.Arbitrary<unknown> = fc.oneof(
  jsonValue,
  fc.array(fc.tuple(hostileKey, jsonValue), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
);

/** The lines of a journal with these records. */
export function journalLines(records: readonly unknown[]): Buffer[] {
  let checksum = 0;
  return records.map((record) => {
    const encoded = encodeRecord(record, checksum);
    checksum = encoded.checksum;
    return encoded.line;
  });
}

/** Sizes of the chunks in which a journal is read, used in turn. */
export const chunkSizes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 1, max: 40 }), {
  minLength: 1,
  maxLength: 5,
});

/** The reader's result for these bytes, whole or in chunks of the given sizes. The chunks share memory, as with a file. */
export function readJournal(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): JournalEnd & Read {
  const records: unknown[] = [];
  const reader = new JournalReader((record) => records.push(record));
  const block = new Uint8Array(Math.max(...sizes));
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const chunk = bytes.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
    block.set(chunk);
    reader.read(block.subarray(0, chunk.length));
    block.fill(0x78);
    at += chunk.length;
  }
  return { records, ...reader.end() };
}

interface Read {
  readonly records: unknown[];
}

/** Equal texts are equal JSON values, even with `__proto__` as a key. */
export function textOf(records: readonly unknown[]): string {
  return JSON.stringify(records);
}
