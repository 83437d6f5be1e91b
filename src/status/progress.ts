import { clearScreenDown, cursorTo, moveCursor } from "node:readline";
import { stripVTControlCharacters, styleText } from "node:util";
import type { Snapshot } from "../rpc/protocol.js";
import { Pace } from "./pace.js";
import { progressLine, progressLines, type Colour } from "./progress-text.js";

/** Shows how far a job is, and lets other lines be written meanwhile. */
export interface ProgressView {
  show(snapshot: Snapshot): void;
  /** Writes a line that stays. */
  log(line: string): void;
  /** Takes away what is not to stay. */
  end(): void;
}

/** Bars on a terminal, one for each phase, drawn anew as the job goes on and gone at its end. */
export async function createProgressBars(stream: NodeJS.WriteStream): Promise<ProgressView> {
  // Loaded here, since most jobs are over before there is anything to show.
  const { createLogUpdate } = await import("log-update");
  // Whoever is killed cannot show again a cursor that it has hidden.
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
      // A terminal may say that it has no size.
      lines = progressLines(snapshot, pace.note(snapshot), { columns: columns || 80, rows: rows || 24, paint });
      draw(lines.join("\n"));
    },
    log(line) {
      erase();
      stream.write(`${line}\n`);
      if (stream.columns === drawnColumns && lines.length > 0) draw(lines.join("\n"));
      // They do not fit any more. The next ones come soon.
      else [lines, drawnColumns] = [[], stream.columns];
    },
    end() {
      erase();
      draw.done();
    },
  };
}

/** A terminal that became narrower has wrapped the lines that were there: they take more rows now. */
function eraseWrapped(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  const rowsOf = (line: string) => Math.max(1, Math.ceil(stripVTControlCharacters(line).length / stream.columns));
  const rows = lines.reduce((sum, line) => sum + rowsOf(line), 0);
  moveCursor(stream, 0, -Math.min(rows, stream.rows - 1));
  cursorTo(stream, 0);
  clearScreenDown(stream);
}

/** A line now and then, for a log file or a pipe. As long as it says the same, half as often each time. */
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
