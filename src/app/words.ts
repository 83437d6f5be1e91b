/**
 * Words as defined by the MIT 6.5840 lab (`strings.FieldsFunc` on `!unicode.IsLetter`): each maximal run of Unicode
 * letters (general category L). Digits, apostrophes, combining marks and emoji end a word, and case is kept.
 *
 * Both functions look each character up in a table: a regular expression (`/\p{L}+/gu`) takes several times as long.
 */

/** The kinds of UTF-16 units in `kinds`. */
const [other, letter, surrogate, unknown] = [0, 1, 2, 3];

/** The kind of each UTF-16 unit; beyond ASCII, it is determined on first use. */
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
    // The character that ended the word is not a letter. Nor is the second half of a pair, which is no character by
    // itself.
    at++;
  }
}

/**
 * Like `words`, for UTF-8 text: calls `found` with the start and end of each word in `bytes`. The words are the same as
 * in the decoded text: invalid UTF-8 ends a word, as does the U+FFFD it decodes to.
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
    // The character that ended the word is not a letter, and none of its further bytes starts a character.
    at++;
  }
}

/** The length in bytes of the letter that begins with `lead`, a byte beyond ASCII, at `at`; 0 if it is not a letter. */
function bytesOfLetter(bytes: Uint8Array, at: number, lead: number): number {
  // RFC 3629, section 4. A missing byte counts as 0, which is not a continuation byte.
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
