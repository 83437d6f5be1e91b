/** V8 copies the characters of a shorter slice. */
const slicedLengthMin = 13;

/**
 * Returns an equal string that keeps no other string alive. A slice of an input line, as `split` makes it, keeps the
 * whole line. So a string that stays in memory for longer than its record should be a copy.
 */
export function ownString(text: string): string {
  return text.length < slicedLengthMin ? text : (JSON.parse(JSON.stringify(text)) as string);
}
