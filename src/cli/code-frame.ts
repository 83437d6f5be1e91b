import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** People do not write longer lines and files. */
const lineCharactersMax = 300;
const fileBytesMax = 2 * 2 ** 20;
const linesAround = 1;

/**
 * The lines of source at the first stack frame of an app's error, with a mark below the column:
 *
 *     > 12 |   ctx.emit(row.country, Number(row.amount));
 *          |                         ^
 *
 * Undefined when the first frame is in a package, or when its file cannot be read or has no such line.
 */
export function codeFrame(frames: string): string | undefined {
  const [first = ""] = frames.split("\n");
  const place = /(?<file>(?:file:\/\/)?\/[^?]*?)(?:\?[^:]*)?:(?<line>\d+):(?<column>\d+)\)?$/.exec(first)?.groups;
  if (place === undefined || first.includes("/node_modules/")) return undefined;
  const { file = "", line, column } = place;
  const lines = linesOf(file);
  const at = Number(line) - 1;
  const text = lines?.[at];
  if (lines === undefined || text === undefined || text.length > lineCharactersMax) return undefined;
  const from = Math.max(0, at - linesAround);
  const shown = lines.slice(from, at + linesAround + 1).map((each, n) => ({ number: from + n + 1, each }));
  const digits = String(at + linesAround + 1).length;
  return shown
    .flatMap(({ number, each }) => {
      const isAt = number === at + 1;
      const row =
        `${isAt ? ">" : " "} ${String(number).padStart(digits)} | ${each.slice(0, lineCharactersMax)}`.trimEnd();
      return isAt ? [row, `  ${" ".repeat(digits)} | ${markBelow(each, Number(column))}`] : [row];
    })
    .join("\n");
}

/** Tabs stay, so that the mark stands below its column. */
function markBelow(line: string, column: number): string {
  return `${line.slice(0, Math.max(0, column - 1)).replace(/[^\t]/g, " ")}^`;
}

function linesOf(file: string): string[] | undefined {
  try {
    const path = file.startsWith("file://") ? fileURLToPath(file) : file;
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > fileBytesMax) return undefined;
    return readFileSync(path, "utf8").trimEnd().split(/\r?\n/);
  } catch {
    // The frame is of generated code, or the app is gone: the stack says where it was.
    return undefined;
  }
}
