import { clearScreenDown, cursorTo, moveCursor } from "node:readline";
import { stripVTControlCharacters, styleText } from "node:util";
import type { Snapshot } from "../model/snapshot.js";
import { Pace } from "./pace.js";
import { progressLine, progressLines, type Colour } from "./progress-text.js";

/** Shows the progress of a job, and lets other lines be written meanwhile. */
export interface ProgressView {
  show(snapshot: Snapshot): void;
  /** Writes a line that stays. */
  log(line: string): void;
  /** Removes everything that must not stay. */
  end(): void;
}

/** Progress bars on a terminal, one per phase, redrawn as the job proceeds and removed at its end. */
export async function createProgressBars(stream: NodeJS.WriteStream): Promise<ProgressView> {
  // Loaded here, because most jobs end before there is anything to show.
  const { createLogUpdate } = await import("log-update");
  // A killed process cannot restore a hidden cursor.
  const draw = createLogUpdate(stream, { showCursor: true });
  const pace = new Pace();
  const paint = (colour: Colour, text: string) => styleText(colour, text, { stream });
  let [lines, drawnColumns]: [string[], number] = [[], stream.columns];
  const erase = () => {
    if (stream.columns === drawnColumns) draw.clear();
    else {
      eraseWrapped(stream, lines);
      draw.done();
    }
  };
  return {
    show(snapshot) {
      const { columns, rows } = stream;
      if (columns !== drawnColumns) erase();
      drawnColumns = columns;
      // A terminal may report no size.
      lines = progressLines(snapshot, pace.note(snapshot), { columns: columns || 80, rows: rows || 24, paint });
      draw(lines.join("\n"));
    },
    log(line) {
      erase();
      stream.write(`${line}\n`);
      if (stream.columns === drawnColumns && lines.length > 0) draw(lines.join("\n"));
      // The lines no longer fit. The next ones come soon.
      else [lines, drawnColumns] = [[], stream.columns];
    },
    end() {
      erase();
      draw.done();
    },
  };
}

/** A terminal that became narrower has wrapped the existing lines: they now take more rows. */
function eraseWrapped(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  const rowsOf = (line: string) => Math.max(1, Math.ceil(stripVTControlCharacters(line).length / stream.columns));
  const rows = lines.reduce((sum, line) => sum + rowsOf(line), 0);
  moveCursor(stream, 0, -Math.min(rows, stream.rows - 1));
  cursorTo(stream, 0);
  clearScreenDown(stream);
}

/** A line now and then, for a log file or a pipe. While it does not change, it is repeated at doubling intervals. */
export function createProgressLines(stream: NodeJS.WriteStream, program: string, intervalMs: number): ProgressView {
  const pace = new Pace();
  let waitMs = intervalMs;
  let nextMs = performance.now() + waitMs;
  let said = "";
  return {
    show(snapshot) {
      const rates = pace.note(snapshot);
      const now = performance.now();
      if (now < nextMs - waitMs + intervalMs) return;
      const line = progressLine(snapshot, rates);
      if (line === said && now < nextMs) return;
      waitMs = line === said ? waitMs * 2 : intervalMs;
      nextMs = now + waitMs;
      said = line;
      stream.write(`${program}: ${line}\n`);
    },
    log: (line) => void stream.write(`${line}\n`),
    end: () => undefined,
  };
}
