/** Rows as text for other programs and pages: JSON, CSV, and a table of Markdown. */
import { csvField } from "../../output/record-format.js";
import { visibleLine } from "../../terminal/visible-text.js";
import { cellText, isNumber, jsonCell, type Row } from "./cells.js";
import { cellsIn, type Columns } from "./columns.js";

export interface RowFormat {
  readonly header: string;
  /** The text of the next row. */
  row(row: Row, record: Buffer): string;
  /** What follows the last row. */
  readonly footer: () => string;
}

/** A JSON array with an object for each row, one per line. */
export function jsonRows(columns: Columns, isKeyed: boolean): RowFormat {
  let count = 0;
  const names = columns.names.map((name) => JSON.stringify(name));
  return {
    header: "[",
    row(row, record) {
      count += 1;
      return `${count === 1 ? "" : ","}\n${"cells" in row ? objectOf(row.cells) : record.toString().trimEnd()}`;
    },
    footer: () => (count === 0 ? "]\n" : "\n]\n"),
  };

  function objectOf(cells: readonly (string | null)[]): string {
    return `{${cells.map((cell, index) => `${names[index]}:${jsonOf(cell, isKeyed && index === 0)}`).join(",")}}`;
  }
}

/** Text that stands for a number is a number, except in a key. */
function jsonOf(cell: string | null, isKey: boolean): string {
  return cell !== null && !isKey && isNumber(cell) ? cell : jsonCell(cell);
}

/** As in RFC 4180, with a header. An empty string has quotes, and null is an empty field. */
export function csvRows(columns: Columns): RowFormat {
  return {
    header: csvLine(columns.names.map((name) => csvField(name))),
    row: (row) => {
      return csvLine(
        cellsIn(columns, row).map((cell) => (cell === null || cell === undefined ? "" : csvField(cellText(cell)))),
      );
    },
    footer: () => "",
  };
}

/** A line with a single empty field would be an empty line, which readers skip. */
function csvLine(fields: readonly string[]): string {
  const line = fields.join(",");
  return line === "" ? '""\n' : `${line}\n`;
}

/** A table of GitHub Flavored Markdown. */
export function markdownRows(columns: Columns): RowFormat {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return {
    header: line(columns.names.map(markdownCell)) + line(columns.areNumbers.map((are) => (are ? "--:" : "---"))),
    row: (row) => line(cellsIn(columns, row).map((cell) => markdownCell(cellText(cell)))),
    footer: () => "",
  };
}

const markdownSpecial = /[\\`*_{}[\]<>|~&#]/g;

/** Text that Markdown shows as it is, on one line. */
function markdownCell(text: string): string {
  const lines = text.split(/\r\n|\n/).map((line) => visibleLine(line).replaceAll(markdownSpecial, "\\$&"));
  return lines.join("<br>");
}
