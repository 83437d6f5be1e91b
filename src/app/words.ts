/**
 * Words as the MIT 6.5840 lab has them (`strings.FieldsFunc` on `!unicode.IsLetter`): each longest run of Unicode letters
 * (general category L). Digits, apostrophes, combining marks and emoji end a word, and case is kept.
 *
 * Both functions look each character up in a table: a regular expression (`/\p{L}+/gu`) takes several times as long.
 */

/** Kinds of UTF-16 units: what `kinds` holds. */
const [other, letter, surrogate, unknown] = [0, 1, 2, 3];

/** The kind of each UTF-16 unit; beyond ASCII it is found out when the unit is first seen. */
const kinds = new Uint8Array(0x10000).fill(unknown);
for (let unit = 0; unit < 0x80; unit++) kinds[unit] = kindOf(unit);

/** Calls `found` with each word of a text. */
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

/**
 * As `words`, for a text that is there as UTF-8: calls `found` with where each word begins and ends in `bytes`. They are
 * the words of the text that the bytes decode to; what is not UTF-8 ends a word, as U+FFFD does, which it decodes to.
 */
export function wordsInBytes(bytes: Uint8Array, found: (start: number, end: number) => void): void {
  const { length } = bytes;
  for (let at = 0; at < length;) {
    const start = at;
    while (at < length) {
      const byte = bytes[at] ?? 0;
      if (byte < 0x80) {
        if (kinds[byte] !== letter) break;
        at++;
      } else {
        const letterBytes = bytesOfLetter(bytes, at, byte);
        if (letterBytes === 0) break;
        at += letterBytes;
      }
    }
    if (at > start) found(start, at);
    // What ended the word is no letter, and if it has more bytes, none of them begins a character.
    at++;
  }
}

/** How many bytes the letter has that begins with `lead`, a byte beyond ASCII, at `at`; 0 when there is none. */
function bytesOfLetter(bytes: Uint8Array, at: number, lead: number): number {
  // RFC 3629, section 4. A byte that is missing counts as 0, which continues nothing.
  const second = bytes[at + 1] ?? 0;
  if (lead < 0xc2 || lead > 0xf4 || (second & 0xc0) !== 0x80) return 0;
  if (lead < 0xe0) return isLetterUnit(((lead & 0x1f) << 6) | (second & 0x3f)) ? 2 : 0;
  const third = bytes[at + 2] ?? 0;
  if ((third & 0xc0) !== 0x80) return 0;
  const tail = ((second & 0x3f) << 6) | (third & 0x3f);
  if (lead < 0xf0) {
    const unit = ((lead & 0x0f) << 12) | tail;
    return unit >= 0x800 && isLetterUnit(unit) ? 3 : 0;
  }
  const fourth = bytes[at + 3] ?? 0;
  if ((fourth & 0xc0) !== 0x80) return 0;
  const codePoint = ((lead & 0x07) << 18) | (tail << 6) | (fourth & 0x3f);
  return codePoint >= 0x10000 && codePoint <= 0x10ffff && isLetter(codePoint) ? 4 : 0;
}

/** Whether a UTF-16 unit is a letter by itself. */
function isLetterUnit(unit: number): boolean {
  if (kinds[unit] === unknown) kinds[unit] = kindOf(unit);
  return kinds[unit] === letter;
}

function kindOf(unit: number): number {
  if (unit >= 0xd800 && unit < 0xdc00) return surrogate;
  return isLetter(unit) ? letter : other;
}

function isLetter(codePoint = 0): boolean {
  return /^\p{L}$/u.test(String.fromCodePoint(codePoint));
}
