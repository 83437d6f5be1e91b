/**
 * Output records as rows of cells. A record of `jsonl` has JSON values. In the other formats a value is text, which may
 * stand for a number.
 */
import type { JsonValue } from "../../app/contract.js";
import { parseDocument } from "../../input/json-document.js";
import type { RecordLayout, TextKeyEnd } from "../../model/output-format.js";
import { lineEndOf, recordFields, tsvText } from "./record-fields.js";

/** A record as it is read, before its columns are known: the key, if it has one, and the value. */
export type Row =
  { readonly cells: readonly (string | null)[] } | { readonly key?: string | undefined; readonly value: JsonValue };

/** Reads the rows of a file. Throws a SyntaxError for a record that the job did not write. */
export type ReadRow = (record: Buffer) => Row;

/** How to read a file's rows; undefined when keys and values cannot be separated. */
export function rowReader(layout: RecordLayout, keyEnd?: TextKeyEnd): ReadRow | undefined {
  const { format, values } = layout;
  if (format === "jsonl") {
    return (record) => {
      const document = parseDocument(record.toString(), "bigint");
      return values === true ? { value: document } : (document as { readonly key: string; readonly value: JsonValue });
    };
  }
  const count = columnNames(layout).length;
  const cellsOf = format === "csv" ? csvCells : format === "tsv" ? tsvCells : textCells(keyEnd);
  if (cellsOf === undefined) return undefined;
  return (record) => {
    const cells = cellsOf(record);
    if (cells.length === count) return { cells };
    throw new SyntaxError(`it has ${cells.length} fields instead of ${count}`);
  };
}

/** The columns of a layout other than `jsonl`. */
export function columnNames({ columns }: Pick<RecordLayout, "columns">): readonly string[] {
  return columns ?? ["key", "value"];
}

function textCells(keyEnd: TextKeyEnd | undefined): ((record: Buffer) => (string | null)[]) | undefined {
  const fields = recordFields("text", keyEnd);
  return fields && ((record) => [fields.key(record), fields.value(record)].map(String));
}

function tsvCells(record: Buffer): (string | null)[] {
  const fields = record.toString("utf8", 0, lineEndOf(record)).split("\t");
  return fields.map((field) => (field === "\\N" ? null : tsvText(field)));
}

/** A field at a time: quoted, where a quote is doubled, or not. */
const csvField = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

function csvCells(record: Buffer): (string | null)[] {
  const text = record.toString("utf8", 0, lineEndOf(record));
  const cells: (string | null)[] = [];
  for (let at = 0; ;) {
    csvField.lastIndex = at;
    const found = csvField.exec(text);
    if (found === null) throw new SyntaxError("a quote is missing in it");
    const [, quoted, plain] = found;
    // An empty string has quotes, and null has none.
    cells.push(quoted?.replaceAll('""', '"') ?? (plain === "" ? null : (plain ?? null)));
    if (found[3] === "") return cells;
    at = csvField.lastIndex;
  }
}

/** A JSON number with this text is written as it is. */
const numberText = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Whether a cell is a number, or text that stands for one. */
export function isNumber(cell: JsonValue | undefined): boolean {
  return typeof cell === "number" || typeof cell === "bigint" || (typeof cell === "string" && numberText.test(cell));
}

/** The text of a cell; empty for null and for a property that a value does not have. */
export function cellText(cell: JsonValue | undefined): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "string" ? cell : jsonCell(cell);
}

/** The JSON text of a cell. `JSON.stringify` refuses integers beyond 2^53, which are bigints here. */
export function jsonCell(cell: JsonValue): string {
  if (typeof cell === "bigint") return String(cell);
  if (typeof cell !== "object" || cell === null) return JSON.stringify(cell);
  if (Array.isArray(cell)) return `[${cell.map(jsonCell).join(",")}]`;
  return `{${Object.entries(cell)
    .map(([name, part]) => `${JSON.stringify(name)}:${jsonCell(part)}`)
    .join(",")}}`;
}
