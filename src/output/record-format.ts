/**
 * How the pairs of a job become the records of its output files. All formats but `text` can be read back without loss,
 * even by other programs:
 *
 * - `text`: `key value`, the lab's format, for people and for `sort`. For an empty string as value, `key` alone, without
 *   the space.
 * - `tsv`: `key`, a tab, `value`, escaped as in PostgreSQL's COPY text format: `\t`, `\n`, `\r`, `\\`, and `\N` for
 *   null.
 * - `jsonl`: `{"key":…,"value":…}`, JSON Lines.
 * - `csv`: RFC 4180 with `\n` as the line ending, and a header, without which readers such as pandas would take the
 *   first record for one. An empty string is `""`, and null an empty field.
 *
 * `text`, `tsv` and `csv` write a string value as it is, and any other value as JSON.
 *
 * With `columns`, `csv` and `tsv` have one column per part of the value: see `column-format.ts`. With `values`, a record
 * has no key: in `jsonl` it is the value alone.
 */
import type { JsonValue, OutputWriter } from "../app/contract.js";
import { jsonText, requireStringKey, requireValue } from "../app/given.js";
import { columnFormat } from "./column-format.js";
import type { OutputFormat, OutputSettings } from "../model/output-format.js";

/** Formats the records of a file. */
export interface RecordFormat {
  readonly header: string | Uint8Array;
  readonly footer: string | Uint8Array;
  /**
   * Throws a TypeError when the key is not a string or the value cannot be written. `giver` names their source, as in
   * "reduce".
   */
  record(giver: string, key: string, value: JsonValue): string | Uint8Array;
}

const pairFormats: Readonly<Record<OutputFormat, RecordFormat>> = {
  text: { header: "", footer: "", record: textLine },
  tsv: { header: "", footer: "", record: tsvLine },
  jsonl: { header: "", footer: "", record: jsonLine },
  csv: { header: "key,value\n", footer: "", record: csvLine },
};

const valueLines: RecordFormat = {
  header: "",
  footer: "",
  record(giver, key, value) {
    requireStringKey(giver, key);
    return `${valueText(giver, key, value)}\n`;
  },
};

/** Returns the format of the records: the app's own writer's, if it has one. */
export function recordFormat(
  { format = "text", columns, values }: Pick<OutputSettings, "format" | "columns" | "values">,
  writer?: OutputWriter,
): RecordFormat {
  if (writer !== undefined) return ownFormat(writer);
  if (columns !== undefined) {
    const field = format === "csv" ? csvValue : tsvValue;
    return columnFormat(columns, { isKeyed: values !== true, separator: format === "csv" ? "," : "\t", field });
  }
  return values === true ? valueLines : pairFormats[format];
}

function textLine(giver: string, key: string, value: JsonValue): string {
  requireStringKey(giver, key);
  if (value === "") return `${key}\n`;
  return `${key} ${typeof value === "string" ? value : valueText(giver, key, value)}\n`;
}

function tsvLine(giver: string, key: string, value: JsonValue): string {
  requireStringKey(giver, key);
  return `${tsvField(key)}\t${tsvValue(giver, key, value)}\n`;
}

function tsvValue(giver: string, key: string, value: JsonValue): string {
  if (value === null) return "\\N";
  return tsvField(typeof value === "string" ? value : valueText(giver, key, value));
}

const tsvEscapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

function tsvField(text: string): string {
  return /[\\\t\n\r]/.test(text) ? text.replaceAll(/[\\\t\n\r]/g, (found) => tsvEscapes[found] ?? found) : text;
}

function jsonLine(giver: string, key: string, value: JsonValue): string {
  requireStringKey(giver, key);
  return `{"key":${JSON.stringify(key)},"value":${valueText(giver, key, value)}}\n`;
}

function csvLine(giver: string, key: string, value: JsonValue): string {
  requireStringKey(giver, key);
  return `${csvField(key)},${csvValue(giver, key, value)}\n`;
}

function csvValue(giver: string, key: string, value: JsonValue): string {
  if (value === null) return "";
  return csvField(typeof value === "string" ? value : valueText(giver, key, value));
}

/** A field of RFC 4180; an empty string has quotes. */
export function csvField(text: string): string {
  return text === "" || /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Formats a value as JSON. For finite numbers, `String` gives the same text faster. */
function valueText(giver: string, key: string, value: JsonValue): string {
  return typeof value === "number" && Number.isFinite(value) ? String(value) : jsonText(giver, key, value);
}

function ownFormat(writer: OutputWriter): RecordFormat {
  return {
    header: writer.header ?? "",
    footer: writer.footer ?? "",
    record(giver, key, value) {
      requireStringKey(giver, key);
      requireValue(giver, key, value);
      const record: unknown = writer.record(key, value);
      if (typeof record === "string" || record instanceof Uint8Array) return record;
      throw new TypeError(`writer.record must return a string or a Uint8Array, but returned ${typeof record}`);
    },
  };
}
