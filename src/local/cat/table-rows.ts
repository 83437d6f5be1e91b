/**
 * Rows as a table in columns of equal width. The first rows determine the widths, so that a table of any length takes
 * little memory, and begins at once.
 */
import { cutToWidth, displayWidth, fittedWidths } from "../../terminal/display-width.js";
import { visibleLine } from "../../terminal/visible-text.js";
import { cellText, type Row } from "./cells.js";
import { ColumnFinder, cellsIn, isWhollyIn, type Columns } from "./columns.js";
import type { RecordLayout } from "../../model/output-format.js";

/** How many rows determine the columns, and at most how many UTF-16 units of records. */
const [sampledRows, sampledUnits] = [1000, 1024 * 1024];
/** Without a terminal, a column is at most this wide, and a longer cell goes beyond it. */
const widthMax = 60;
/** On a terminal, columns are not made narrower than this. */
const widthMin = 8;
const gap = "  ";

export class TableRows {
  readonly #finder: ColumnFinder;
  /** The width of the terminal; undefined elsewhere, where no cell is cut. */
  readonly #terminalWidth: number | undefined;
  #sampled: Row[] | undefined = [];
  #units = 0;
  #columns: Columns = { names: [], areProperties: false, areNumbers: [] };
  #widths: number[] = [];
  /** The rows that do not show all of their record. */
  #cut = 0;
  #incomplete = 0;

  constructor(layout: RecordLayout, terminalWidth: number | undefined) {
    this.#finder = new ColumnFinder(layout);
    this.#terminalWidth = terminalWidth;
  }

  /** Takes the next row, and returns the lines that are ready. */
  add(row: Row, record: Buffer): string[] {
    if (this.#sampled === undefined) return [this.#line(row)];
    this.#sampled.push(row);
    this.#finder.add(row);
    this.#units += record.length;
    return this.#sampled.length < sampledRows && this.#units < sampledUnits ? [] : this.#begin();
  }

  /** Returns the last lines. */
  end(): string[] {
    return this.#begin();
  }

  /** Says what the table does not show; undefined when it shows everything. */
  get note(): string | undefined {
    const [cut, incomplete] = [this.#cut, this.#incomplete];
    const notes = [
      ...(incomplete === 0 ? [] : [`${records(incomplete)} fields that the first records do not have`]),
      ...(cut === 0 ? [] : [`${records(cut)} text that is cut`]),
    ];
    return notes.length === 0 ? undefined : `${notes.join(", and ")}: --format csv or json shows everything`;
  }

  #begin(): string[] {
    const rows = this.#sampled;
    if (rows === undefined) return [];
    this.#sampled = undefined;
    const columns = this.#finder.columns;
    this.#columns = columns;
    const names = columns.names.map(visibleLine);
    const widths = names.map(displayWidth);
    for (const row of rows) {
      for (const [index, text] of this.#texts(row).entries()) {
        widths[index] = Math.max(widths[index] ?? 0, Math.min(displayWidth(text), this.#terminalWidth ?? widthMax));
      }
    }
    this.#widths =
      this.#terminalWidth === undefined
        ? widths
        : fittedWidths(widths, this.#terminalWidth - gap.length * (widths.length - 1), widthMin);
    const rule = this.#widths.map((width) => "-".repeat(width));
    return [this.#joined(names, false), this.#joined(rule, false), ...rows.map((row) => this.#line(row))];
  }

  #texts(row: Row): string[] {
    return cellsIn(this.#columns, row).map((cell) => visibleLine(cellText(cell)));
  }

  #line(row: Row): string {
    if (!isWhollyIn(this.#columns, row)) this.#incomplete += 1;
    return this.#joined(this.#texts(row), true);
  }

  #joined(texts: readonly string[], isRow: boolean): string {
    const shown =
      this.#terminalWidth === undefined
        ? texts
        : texts.map((text, index) => cutToWidth(text, this.#widths[index] ?? 0));
    if (isRow && shown.some((text, index) => text !== texts[index])) this.#cut += 1;
    const cells = shown.map((text, index) => {
      const padding = " ".repeat(Math.max(0, (this.#widths[index] ?? 0) - displayWidth(text)));
      return this.#columns.areNumbers[index] === true ? padding + text : text + padding;
    });
    return `${cells.join(gap).trimEnd()}\n`;
  }
}

function records(count: number): string {
  return count === 1 ? "1 record has" : `${count} records have`;
}
