import { expect } from "vitest";
import type { ReadContext } from "../../src/app/contract.js";
import { BadRecordError } from "../../src/input/bad-record-error.js";
import type { RecordReader } from "../../src/input/record-reader.js";
import { sourceOfSplit, type RecordFormat, type RecordSource, type SplitSource } from "../../src/input/records.js";
import type { Split } from "../../src/model/split.js";

export interface Read {
  /** The record, or what is wrong with it. */
  readonly value: unknown;
  readonly offset: number;
  readonly endOffset: number;
}

/** Reads all records, including bad ones, and closes the reader. Bytes are decoded as UTF-8. */
export async function readAll(opened: Promise<RecordReader<unknown>> | RecordReader<unknown>): Promise<Read[]> {
  const reader = await opened;
  const found: Read[] = [];
  try {
    for (;;) {
      try {
        if (!(await reader.next())) break;
        const { value, offset, endOffset } = reader;
        found.push({ value: value instanceof Uint8Array ? Buffer.from(value).toString() : value, offset, endOffset });
      } catch (error) {
        if (!(error instanceof BadRecordError)) throw error;
        const { message, offset, endOffset } = error;
        found.push({ value: `bad: ${message}`, offset, endOffset });
      }
    }
    expect(await reader.next()).toBe(false);
    return found;
  } finally {
    await reader.close();
  }
}

/** The only split of a source. */
export function onlyPart({ parts }: RecordSource): SplitSource {
  const [part] = parts;
  if (part === undefined || parts.length > 1) throw new Error(`${parts.length} splits`);
  return part;
}

export function openText(split: Split, format: RecordFormat): Promise<RecordReader<unknown>> {
  return sourceOfSplit(split, format).openValues({ filename: split.file } as ReadContext);
}

export function openBytes(split: Split, format: RecordFormat): Promise<RecordReader<Uint8Array>> {
  return sourceOfSplit(split, format).openBytes();
}
