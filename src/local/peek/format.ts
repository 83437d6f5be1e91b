import type { CsvOptions, JsonValue } from "../../app/contract.js";
import { BadRecordError } from "../../input/bad-record-error.js";
import { keptBytes } from "../../input/byte-source.js";
import { JsonReader } from "../../input/json-reader.js";
import { isArrayOfRecords } from "../../input/json-shape.js";
import { UnreadableInputError } from "../../input/unreadable-input-error.js";
import { distinctMax, jsonText, summaryOfTexts, summaryOfValues, type ColumnSummary } from "./column-types.js";
import { delimitedIn } from "./delimited.js";

/** How a text is divided into records, and its first ones. */
export interface Format {
  readonly kind: "csv" | "jsonl" | "json array" | "json document" | "access log" | "lines" | "text" | "empty";
  /** For `csv`. */
  readonly delimiter?: string;
  readonly hasHeader?: boolean;
  readonly csv?: CsvOptions;
  readonly columns: readonly Column[];
  /** The first records, as texts in the order of the columns. */
  readonly rows: readonly (readonly string[])[];
  /** How many records the types of the columns are inferred from. */
  readonly sampledRecords: number;
  /** How many records of the sample a job would reject, and why the first one. */
  readonly badRecords: number;
  readonly firstBad?: string | undefined;
}

export interface Column extends ColumnSummary {
  readonly name: string;
}

/** The first records that are shown, and the number that is examined. */
const shownRows = 5;
const recordsMax = 20_000;
const cellUnitsMax = 1000;
/** How many of a line's first words become columns. */
const wordsMax = 8;
/** A text is in a format when at least this share of its lines is. */
const linesMin = 0.9;

const accessLog =
  /^(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?/;
const accessLogColumns = ["host", "ident", "user", "time", "request", "status", "bytes", "referer", "agent"];

interface Text {
  /** UTF-8 without a byte order mark, ending with a line unless it is all of the file. */
  readonly text: Buffer;
  readonly isAll: boolean;
  readonly file: string;
}

/** Finds the format of a text. Throws an InputError when a line `sep=` cannot be read. */
export async function formatOf({ text, isAll, file }: Text): Promise<Format> {
  const start = text.toString("utf8", 0, 4096).trimStart();
  if (start === "") return { ...withoutColumns("empty", []), badRecords: 0 };
  const json = /^[[{]/.test(start) ? await jsonIn({ text, isAll, file }) : undefined;
  if (json !== undefined) return json;
  const lines = firstLines(text);
  const entries = lines.map(accessLogEntry);
  const matched = entries.filter((entry) => entry !== undefined);
  if (matched.length >= lines.length * linesMin) {
    return { ...ofTexts("access log", accessLogColumns, matched), badRecords: 0 };
  }
  const isNamed = /\.(?:csv|tsv|tab)(?:\.(?:gz|zst|xz|bz2))?$/i.test(file);
  const delimited = await delimitedIn(text, { isAll, isNamed, file });
  if (delimited === undefined) return inLines(lines);
  const { delimiter, hasHeader, options, columns, rows, badRows, firstBad } = delimited;
  return {
    ...ofTexts("csv", columns, rows),
    ...{ delimiter, hasHeader, csv: options, badRecords: badRows, firstBad },
  };
}

/** Undefined when the line is something else. The common format lacks the last two fields. */
function accessLogEntry(line: string): string[] | undefined {
  const match: readonly (string | undefined)[] | null = accessLog.exec(line);
  return match?.slice(1).map((field) => field ?? "");
}

/** Undefined when it is not JSON after all. */
async function jsonIn({ text, isAll, file }: Text): Promise<Format | undefined> {
  const reader = new JsonReader(keptBytes(text, 0), file);
  const records: JsonValue[] = [];
  let bad = 0;
  let firstBad: string | undefined;
  try {
    while (records.length < recordsMax) {
      try {
        if (!(await reader.next())) break;
        records.push(reader.value);
      } catch (error) {
        if (!(error instanceof BadRecordError)) throw error;
        if (bad === 0) firstBad = error.message;
        bad += 1;
      }
    }
  } catch (error) {
    if (!(error instanceof UnreadableInputError)) throw error;
    return otherJson(text, isAll);
  }
  const [first] = records;
  if (records.length === 1 && first !== undefined && isArrayOfRecords(first)) return otherJson(text, isAll);
  // One line of JSON can be longer than the sample.
  if (records.length === 0 && !isAll) return otherJson(text, isAll);
  if (records.length === 0 || bad > records.length) return undefined;
  return { ...ofValues("jsonl", records), badRecords: bad, firstBad };
}

/** An array, or one document over several lines. */
function otherJson(text: Buffer, isAll: boolean): Format | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text.toString());
  } catch {
    const kind = /^\s*\[/.test(text.toString("utf8", 0, 4096)) ? "json array" : "json document";
    // The sample is only the beginning.
    return isAll ? undefined : { ...withoutColumns(kind, []), badRecords: 0 };
  }
  if (!Array.isArray(document)) return { ...withoutColumns("json document", []), badRecords: 0 };
  return { ...ofValues("json array", document.slice(0, recordsMax) as JsonValue[]), badRecords: 0 };
}

function inLines(lines: readonly string[]): Format {
  const words = lines.map((line) => line.trim().split(/\s+/));
  const columns = Array.from({ length: wordsMax }, (_, n) => n).filter((n) => {
    return words.filter((line) => line.length > n).length >= lines.length * linesMin;
  });
  const rows = words.map((line) => columns.map((n) => line[n] ?? ""));
  const found = ofTexts(
    "lines",
    columns.map((n) => `word ${n + 1}`),
    rows,
  );
  const isLog = groupingColumn(found.columns) !== undefined;
  const shown = lines.slice(0, shownRows).map((line) => [shortened(line)]);
  const kind = isLog ? "lines" : "text";
  return { ...found, kind, columns: isLog ? found.columns : [], rows: shown, badRecords: 0 };
}

/** The column by which an app may count: one with few different values, of the least specific type. */
export function groupingColumn(columns: readonly Column[]): Column | undefined {
  const few = columns.filter(({ type, distinct, count, emptyCount, hasLineEnds }) => {
    if (hasLineEnds) return false;
    const isScalar = type !== "object" && type !== "array" && type !== "mixed" && type !== "empty";
    return isScalar && distinct >= 2 && distinct <= Math.min(50, (count - emptyCount) / 2);
  });
  return few.find(({ type }) => type === "text" || type === "boolean") ?? few.find(({ type }) => type === "integer");
}

function firstLines(text: Buffer): string[] {
  const lines = text.toString().split(/\r\n|\n/, recordsMax + 1);
  if (lines.length <= recordsMax && lines.at(-1) === "") lines.pop();
  return lines.slice(0, recordsMax);
}

function ofTexts(kind: Format["kind"], names: readonly string[], rows: readonly (readonly string[])[]) {
  const columns = names.map((name, index) => ({ name, ...summaryOfTexts(rows.map((row) => row[index] ?? "")) }));
  return {
    kind,
    columns,
    rows: rows.slice(0, shownRows).map((row) => row.map(shortened)),
    sampledRecords: rows.length,
  };
}

function ofValues(kind: Format["kind"], records: readonly JsonValue[]) {
  const objects = records.filter((record) => typeof record === "object" && record !== null);
  const names = [...new Set(objects.flatMap((record) => Object.keys(record)))].slice(0, distinctMax);
  const valueOf = (record: JsonValue, name: string) => {
    return typeof record === "object" && record !== null ? (record as Record<string, unknown>)[name] : undefined;
  };
  if (names.length === 0) return withoutColumns(kind, records.map(jsonText));
  const columns = names.map((name) => ({ name, ...summaryOfValues(records.map((record) => valueOf(record, name))) }));
  const rows = records
    .slice(0, shownRows)
    .map((record) => names.map((name) => shortened(jsonText(valueOf(record, name)))));
  return { kind, columns, rows, sampledRecords: records.length };
}

function withoutColumns(kind: Format["kind"], records: readonly string[]) {
  return {
    kind,
    columns: [],
    rows: records.slice(0, shownRows).map((text) => [shortened(text)]),
    sampledRecords: records.length,
  };
}

/** A cell can be as long as the sample. */
function shortened(text: string): string {
  return text.length > cellUnitsMax ? `${text.slice(0, cellUnitsMax)}…` : text;
}
