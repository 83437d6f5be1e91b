/** The fields of a line, which are separated by spaces, tabs or commas. */
export function fieldsOf(line: string): string[] {
  return line.split(/[\s,]+/).filter((field) => field !== "");
}
