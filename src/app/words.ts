/**
 * Calls `found` with each word of a text: each longest run of Unicode letters (general category L).
 *
 * These are the words of the MIT 6.5840 lab (`strings.FieldsFunc` on `!unicode.IsLetter`): digits, apostrophes,
 * combining marks and emoji end a word, and case is kept.
 */
export function words(text: string, found: (word: string) => void): void {
  // Its own for each call: the expression holds the position, and `found` may call this function.
  const letters = /\p{L}+/gu;
  for (let match = letters.exec(text); match !== null; match = letters.exec(text)) found(match[0]);
}
