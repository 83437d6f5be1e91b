/** Kinds of UTF-16 units: what `kinds` holds. */
const [other, letter, surrogate, unknown] = [0, 1, 2, 3];

/** The kind of each UTF-16 unit; beyond ASCII it is found out when the unit is first seen. */
const kinds = new Uint8Array(0x10000).fill(unknown);
for (let unit = 0; unit < 0x80; unit++) kinds[unit] = kindOf(unit);

/**
 * Calls `found` with each word of a text: each longest run of Unicode letters (general category L).
 *
 * These are the words of the MIT 6.5840 lab (`strings.FieldsFunc` on `!unicode.IsLetter`): digits, apostrophes,
 * combining marks and emoji end a word, and case is kept.
 */
export function words(text: string, found: (word: string) => void): void {
  const { length } = text;
  for (let at = 0; at < length;) {
    const start = at;
    while (at < length) {
      const unit = text.charCodeAt(at);
      const kind = kinds[unit];
      if (kind === letter) at++;
      else if (kind === unknown) kinds[unit] = kindOf(unit);
      else if (kind === surrogate && isLetter(text.codePointAt(at))) at += 2;
      else break;
    }
    if (at > start) found(text.slice(start, at));
    // What ended the word is no letter. The second half of a pair is none either: alone it is not a character.
    at++;
  }
}

function kindOf(unit: number): number {
  if (unit >= 0xd800 && unit < 0xdc00) return surrogate;
  return isLetter(unit) ? letter : other;
}

function isLetter(codePoint = 0): boolean {
  return /^\p{L}$/u.test(String.fromCodePoint(codePoint));
}
