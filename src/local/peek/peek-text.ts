/** Describes a file to a person. */
import prettyBytes from "pretty-bytes";
import { cutToWidth, displayWidth, fittedWidths } from "../../terminal/display-width.js";
import { visibleLine } from "../../terminal/visible-text.js";
import type { Column, Format } from "./format.js";
import type { Peeked } from "./peek.js";
import type { LineCount } from "./sample.js";

const gap = "  ";
/** No cell is wider, and no column is made narrower than `cellMin` to fit into the terminal. */
const [cellMax, cellMin] = [40, 6];

const delimiterNames: Readonly<Record<string, string>> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  "|": "vertical bars",
};

/** The description of a file in lines of at most `width` columns, as far as possible. */
export function peekText(peeked: Peeked, width: number): string {
  const { file, format, notes } = peeked;
  const facts = factsOf(peeked).map(([name, value]) => `  ${name.padEnd(12)}${visibleLine(value)}`);
  const lines = [visibleLine(file.name), ...facts, ...notes.map((note) => `  note: ${visibleLine(note)}`)];
  if (format !== undefined && format.columns.length > 0 && format.kind !== "lines") {
    lines.push("", ...table(["column", "type", "empty", "different"], format.columns.map(columnCells), width));
  }
  if (format !== undefined && format.rows.length > 0) {
    const isPlain = format.kind === "lines" || format.columns.length === 0;
    const names = format.columns.map(({ name }) => name);
    lines.push("", ...(isPlain ? plainLines(format, width) : table(names, format.rows, width)));
  }
  return `${lines.join("\n")}\n`;
}

function factsOf({ sizeBytes, sample, format }: Peeked): [string, string][] {
  const { compression, encoding, hasMark, lineEnds, lines } = sample;
  const size =
    sizeBytes === undefined
      ? "unknown: only its beginning was read"
      : `${prettyBytes(sizeBytes)} (${sizeBytes.toLocaleString("en")} bytes)`;
  const compressed = compression === undefined ? [] : [["compression", compression] as [string, string]];
  if (format === undefined) return [["size", size], ...compressed];
  return [
    ["format", formatText(format)],
    ["size", size],
    ...compressed,
    ["encoding", `${encoding.toUpperCase()}${hasMark ? ", with a byte order mark" : ""}`],
    ...(lineEnds === "none" ? [] : [["line ends", lineEnds] as [string, string]]),
    ...(lines === undefined ? [] : [["lines", linesText(lines)] as [string, string]]),
  ];
}

function formatText({ kind, delimiter = ",", hasHeader = true, sampledRecords }: Format): string {
  if (kind === "csv") {
    const header = hasHeader ? "with a header" : "without a header";
    return `CSV, separated by ${delimiterNames[delimiter] ?? JSON.stringify(delimiter)}, ${header}`;
  }
  if (kind === "jsonl") return "JSON Lines";
  if (kind === "json array")
    return sampledRecords === 0 ? "a JSON array" : `a JSON array of ${sampledRecords} elements`;
  if (kind === "json document") return "a JSON document over several lines";
  if (kind === "access log") return "access log of a web server";
  if (kind === "empty") return "empty: a job reads no record from it";
  return kind === "lines" ? "lines" : "text";
}

/** Three digits of an estimate. */
function linesText({ count, is }: LineCount): string {
  if (is === "exact") return count.toLocaleString("en");
  return `${is === "more" ? "more than" : "about"} ${Number(count.toPrecision(3)).toLocaleString("en")}`;
}

function columnCells({ name, type, emptyCount, count, distinct, exceptions, exception }: Column): string[] {
  const few = exceptions === 0 ? "" : `, except ${exceptions} such as ${JSON.stringify(exception ?? "")}`;
  const share = count === 0 ? 0 : (emptyCount / count) * 100;
  const empty = emptyCount === 0 ? "" : share < 1 ? "< 1 %" : `${Math.round(share)} %`;
  return [name, `${type}${few}`, empty, distinct >= 1000 ? "1000 or more" : String(distinct)];
}

function plainLines({ rows }: Format, width: number): string[] {
  return rows.map(([line = ""]) => `  ${cutToWidth(visibleLine(line), width - 2)}`);
}

/** Rows in columns of equal width. */
function table(names: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const all = [names, ...rows].map((row) => row.map((cell) => cutToWidth(visibleLine(cell), cellMax)));
  const widest = names.map((_, column) => Math.max(1, ...all.map((row) => displayWidth(row[column] ?? ""))));
  const widths = fittedWidths(widest, width - gap.length * names.length, cellMin);
  const shown = [...all.slice(0, 1), widths.map((cell) => "-".repeat(cell)), ...all.slice(1)];
  return shown.map((row) => {
    const cells = widths.map((cell, column) => {
      const text = cutToWidth(row[column] ?? "", cell);
      return text + " ".repeat(Math.max(0, cell - displayWidth(text)));
    });
    // Leaves out the last columns if even narrow ones do not fit.
    return cutToWidth(`${gap}${cells.join(gap)}`.trimEnd(), width);
  });
}
