/** A Markdown table; all columns except the first are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? "---" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}

/** A time in seconds, with as many digits as are meaningful. */
export function seconds(time: number): string {
  return time.toFixed(time < 1 ? 3 : time < 100 ? 2 : 1);
}

/** A size in MB (millions of bytes); unknown for a program that ended before the first sample. */
export function megabytes(bytes: number): string {
  return bytes > 0 ? (bytes / 1e6).toFixed() : "?";
}
