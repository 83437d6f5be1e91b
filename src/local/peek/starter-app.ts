/** Writes an app that counts the records of a file, as a start for the user's own. */
import { groupingColumn, type Column, type Format } from "./format.js";

export type Language = "typescript" | "javascript";

/** The parts of an app that depend on the file. */
interface Counting {
  /** The things that the app counts, for its comment. */
  readonly what: string;
  /** The lines before `map`. */
  readonly head: readonly string[];
  /** The parameter of `map` for the record, and its type. */
  readonly record: string;
  readonly type: string;
  /** The statements of `map`. */
  readonly body: readonly string[];
}

/**
 * An app that counts the records of such a file by the column with few different values, or else by its first column, or
 * the words of a text. `file` is the name of the file, for a comment. Undefined when there is nothing to count.
 */
export function starterApp(format: Format, file: string, language: Language): string | undefined {
  const counting = countingOf(format);
  if (counting === undefined) return undefined;
  const isTyped = language === "typescript";
  const types = (text: string) => (isTyped ? text : "");
  const { what, head, record, type, body } = counting;
  const lines = [
    `/** Counts ${what} in ${commentText(file)}. */`,
    ...(isTyped ? ['import type { MapContext } from "mapreduce-ts";', ""] : []),
    ...head,
    `export function map(file${types(": string")}, ${record}${types(`: ${type}`)}, ctx${types(": MapContext<number>")})${types(": void")} {`,
    ...body.map((line) => `  ${line}`),
    "}",
    "",
    "/** Adds counts up on the way to `reduce`, so that fewer of them travel. */",
    `export function combine(key${types(": string")}, counts${types(": readonly number[]")})${types(": number")} {`,
    "  return counts.reduce((sum, count) => sum + count);",
    "}",
    "",
    `export function reduce(key${types(": string")}, counts${types(": readonly number[]")})${types(": number")} {`,
    "  return combine(key, counts);",
    "}",
    "",
  ];
  return lines.join("\n");
}

function countingOf(format: Format): Counting | undefined {
  const { kind, columns } = format;
  const column = groupingColumn(columns) ?? columns.find(({ hasLineEnds }) => !hasLineEnds) ?? columns[0];
  switch (kind) {
    case "csv":
      return column === undefined ? undefined : ofCsv(format, column);
    case "jsonl":
      return ofJsonLines(columns, column);
    case "json array":
      return ofJsonArray(columns, column);
    case "access log":
      return ofAccessLog();
    case "lines":
      return ofLines(column);
    case "text":
      return ofText();
    default:
      return undefined;
  }
}

function ofCsv({ columns, csv = {} }: Format, column: Column): Counting {
  const options = Object.keys(csv).length === 0 ? [] : [`export const csv = ${literal(csv)};`];
  return {
    what: `the rows by ${commentText(column.name)}`,
    head: [
      'export const input = "csv";',
      ...options,
      "",
      "/**",
      " * The columns. All values of a row are strings: Number(…) makes numbers of them.",
      " *",
      ...columns.map((column) => ` * - ${commentText(column.name)}: ${column.type}`),
      " */",
    ],
    record: "row",
    type: "Readonly<Record<string, string>>",
    body: [`ctx.emit(row[${JSON.stringify(column.name)}] ?? "", 1);`],
  };
}

function ofJsonLines(columns: readonly Column[], column: Column | undefined): Counting {
  return {
    what: column === undefined ? "the documents" : `the documents by ${commentText(column.name)}`,
    head: ['export const input = "jsonl";', ...propertiesComment(columns)],
    record: "record",
    type: "Readonly<Record<string, unknown>>",
    body: [`ctx.emit(${keyOf("record", column)}, 1);`],
  };
}

/** `input = "file"`, since an array is not read line by line. */
function ofJsonArray(columns: readonly Column[], column: Column | undefined): Counting {
  return {
    what: column === undefined ? "the elements" : `the elements by ${commentText(column.name)}`,
    head: [
      "// Each file is a JSON array, which is read as a whole.",
      'export const input = "file";',
      ...propertiesComment(columns),
    ],
    record: "text",
    type: "string",
    body: [`for (const record of JSON.parse(text)) ctx.emit(${keyOf("record", column)}, 1);`],
  };
}

function ofAccessLog(): Counting {
  return {
    what: "the requests by status",
    head: [
      'export const input = "lines";',
      "",
      "/** host, time, method, path, status and bytes of a line in the common or combined log format. */",
      String.raw`const entry = /^(\S+) \S+ \S+ \[([^\]]+)\] "(\S*) ?((?:[^"\\]|\\.)*?)(?: HTTP\/[\d.]+)?" (\d{3}) (\d+|-)/;`,
      "",
    ],
    record: "line",
    type: "string",
    body: [
      "const [, host, time, method, path, status, bytes] = entry.exec(line) ?? [];",
      'ctx.emit(status ?? "other lines", 1);',
    ],
  };
}

function ofLines(column: Column | undefined): Counting {
  const index = column === undefined ? 0 : Number(column.name.replace("word ", "")) - 1;
  return {
    what: `the lines by their word number ${index + 1}`,
    head: ['export const input = "lines";', ""],
    record: "line",
    type: "string",
    body: [String.raw`ctx.emit(line.trim().split(/\s+/)[${index}] ?? "", 1);`],
  };
}

function ofText(): Counting {
  return {
    what: "the words",
    head: ['export const input = "lines";', ""],
    record: "line",
    type: "string",
    body: [String.raw`for (const word of line.toLowerCase().match(/\p{L}+/gu) ?? []) ctx.emit(word, 1);`],
  };
}

function propertiesComment(columns: readonly Column[]): string[] {
  if (columns.length === 0) return [""];
  const properties = columns.map((column) => ` * - ${commentText(column.name)}: ${column.type}`);
  return ["", "/**", " * The properties.", " *", ...properties, " */"];
}

/** Keys are strings. */
function keyOf(record: string, column: Column | undefined): string {
  return column === undefined ? '"all"' : `String(${record}[${JSON.stringify(column.name)}] ?? "")`;
}

/** Options as a programmer writes them. */
function literal(options: object): string {
  const properties = Object.entries(options).map(([name, value]) => `${name}: ${valueText(value)}`);
  return `{ ${properties.join(", ")} }`;
}

function valueText(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(valueText).join(", ")}]` : JSON.stringify(value);
}

/** Text that cannot end a comment. */
function commentText(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("*/", "*\\/");
}
