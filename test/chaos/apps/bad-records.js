// Counts the words of lines, and cannot bear those that begin with BAD.
export const input = "lines";

export function map(_file, line, ctx) {
  if (line.startsWith("BAD throws")) throw new Error("this record is bad");
  if (line.startsWith("BAD exits")) process.exit(4);
  for (const [word] of line.matchAll(/\p{L}+/gu)) ctx.emit(word, 1);
}

export const combine = (_word, counts) => counts.reduce((sum, count) => sum + count, 0);

export function reduce(word, counts) {
  return combine(word, counts);
}
