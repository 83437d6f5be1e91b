import type { JsonValue } from "../../app/contract.js";
import { parseDocument } from "../../input/json-document.js";
import type { OutputFormat, TextKeyEnd } from "../../model/output-format.js";
import { encodeKey } from "../../shuffle/key-words.js";
import { plainEnd, stringEnd } from "../../shuffle/merge/json-strings.js";

const [tab, newline, space, quote, comma, backslash] = [0x09, 0x0a, 0x20, 0x22, 0x2c, 0x5c];

/** The readable fields of a record, which ends with its newline unless that is missing. */
export interface RecordFields {
  /** The key's bytes, by which the records of each file are ordered. */
  readonly key: (record: Buffer) => Uint8Array;
  /** The value: text if it is a string, otherwise a number or text that may be one. */
  readonly value: (record: Buffer) => unknown;
}

/**
 * How to read the records of a format; the functions throw a SyntaxError for an invalid record. `keyEnd` is for `text`.
 * Undefined when keys and values cannot be separated there.
 */
export function recordFields(format: OutputFormat, keyEnd?: TextKeyEnd): RecordFields | undefined {
  switch (format) {
    case "text":
      return keyEnd === undefined || keyEnd === "unclear" ? undefined : textFields(keyEnd);
    case "tsv":
      return {
        key: tsvKey,
        value: (record) => record.toString("utf8", record.indexOf(tab) + 1, lineEndOf(record)),
      };
    case "jsonl":
      return { key: jsonKey, value: (record) => documentOf(record).value };
    case "csv":
      return { key: csvKey, value: csvValue };
  }
}

function documentOf(record: Buffer): { readonly value?: JsonValue } {
  return parseDocument(record.toString(), "bigint") as { readonly value?: JsonValue };
}

function textFields(keyEnd: Exclude<TextKeyEnd, "unclear">): RecordFields {
  const endOfKey = (record: Buffer) => {
    if (keyEnd === "line end") return lineEndOf(record);
    const end = keyEnd === "first space" ? record.indexOf(space) : record.lastIndexOf(space);
    return end < 0 ? lineEndOf(record) : end;
  };
  return {
    key: (record) => record.subarray(0, endOfKey(record)),
    value: (record) => record.toString("utf8", Math.min(endOfKey(record) + 1, lineEndOf(record)), lineEndOf(record)),
  };
}

/** The value as a number, or as a bigint when it is an integer beyond 2^53; undefined when it is neither. */
export function numberIn(value: unknown): number | bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
  const number = Number(value);
  const isRounded = typeof value === "string" && !Number.isSafeInteger(number) && /^\s*[+-]?\d+\s*$/.test(value);
  if (isRounded) return BigInt(value.trim().replace("+", ""));
  return Number.isFinite(number) ? number : undefined;
}

/** Where the content of a record ends, before its newline. */
export function lineEndOf(record: Buffer): number {
  return record.at(-1) === newline ? record.length - 1 : record.length;
}

const tsvEscaped: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r" };

function tsvKey(record: Buffer): Uint8Array {
  const end = record.indexOf(tab);
  if (end < 0) throw new SyntaxError("there is no tab in it");
  const key = record.subarray(0, end);
  if (!key.includes(backslash)) return key;
  return Buffer.from(tsvText(key.toString("latin1")), "latin1");
}

/** The text of a field without its escapes. */
export function tsvText(field: string): string {
  return field.replaceAll(/\\(.)/gs, (_, escaped: string) => tsvEscaped[escaped] ?? escaped);
}

const jsonKeyStart = '{"key":"'.length;

function jsonKey(record: Buffer): Uint8Array {
  const end = stringEnd(record, jsonKeyStart);
  if (plainEnd(record, jsonKeyStart) === end) return record.subarray(jsonKeyStart, end);
  const key = JSON.parse(record.toString("utf8", jsonKeyStart - 1, end + 1)) as string;
  const bytes = new Uint8Array(key.length * 3);
  return bytes.subarray(0, encodeKey(key, bytes));
}

function csvKey(record: Buffer): Uint8Array {
  return unquoted(record.subarray(0, csvKeyEnd(record)));
}

function csvValue(record: Buffer): string {
  return unquoted(record.subarray(csvKeyEnd(record) + 1, lineEndOf(record))).toString();
}

/** The position of the comma after the key. */
function csvKeyEnd(record: Buffer): number {
  let at = 0;
  // Quotes within the key come in pairs, so each pair looks like the end of one quoted piece and the start of the next.
  while (record[at] === quote) {
    at = record.indexOf(quote, at + 1) + 1;
    if (at === 0) throw new SyntaxError("a quote is missing in it");
  }
  const end = record.indexOf(comma, at);
  if (end < 0) throw new SyntaxError("there is no comma in it");
  return end;
}

function unquoted(field: Buffer): Buffer {
  if (field[0] !== quote) return field;
  return Buffer.from(field.toString("latin1", 1, field.length - 1).replaceAll('""', '"'), "latin1");
}
