/**
 * Finds the few lines of JSON that may hold a number that `JSON.parse` cannot represent: an integer of 16 digits or
 * more, or an exponent of three digits or more. All other lines go straight to `JSON.parse`.
 *
 * The search reads two bytes at a time and looks them up in a table. Sixteen digits in a row contain four aligned pairs
 * of digits that begin at a multiple of eight bytes, and an exponent contains one aligned pair of "digit, e" or "e,
 * digit or +".
 */

const [plus, hyphen, point, zero, nine, upperE, lowerE] = [0x2b, 0x2d, 0x2e, 0x30, 0x39, 0x45, 0x65];
/** What may precede a number and its minus sign in JSON: white space, and what begins a value. */
const mayComeBefore = Buffer.from(" \t\r\n,:[");
const lookBehind = 400;
const pairsPerGroup = 4;
const groupBytes = 2 * pairsPerGroup;
const longInteger = 16;

const [mayBeExponent, isDigits, isSignedDigit] = [1, 2, 4];
/** Made at the first use: most jobs read no JSON, and the table takes milliseconds. */
let kindOfPair: Uint8Array | undefined;

/**
 * Returns the first place at `from` or later where the bytes may hold such a number, or `Infinity`. The place is inside
 * the number, but may also be in a string: the caller examines the whole line.
 */
export function findLargeNumber(bytes: Uint8Array, from: number): number {
  // A view of pairs needs an even address.
  const misaligned = bytes.byteOffset % 2;
  const count = Math.max(0, bytes.length - misaligned) >> 1;
  const pairs = new Uint16Array(bytes.buffer, bytes.byteOffset + misaligned, count);
  const table = (kindOfPair ??= makeTable());
  const groupsEnd = count - (count % pairsPerGroup);
  const first = Math.max(0, from - misaligned - 1) >> 1;
  for (let at = first - (first % pairsPerGroup); at < groupsEnd; at += pairsPerGroup) {
    const one = table[pairs[at] ?? 0] ?? 0;
    const two = table[pairs[at + 1] ?? 0] ?? 0;
    const three = table[pairs[at + 2] ?? 0] ?? 0;
    const four = table[pairs[at + 3] ?? 0] ?? 0;
    if ((((one | two | three | four) & mayBeExponent) | (one & two & three & four & isDigits)) === 0) continue;
    const start = misaligned + 2 * at;
    const last = start + groupBytes - 1;
    if ((one & two & three & four) === isDigits && last >= from && isInteger(bytes, last)) return last;
    if (!mayGoOn(table, pairs, at)) continue;
    const found = findExponent(bytes, Math.max(from, start), last + 1);
    if (found !== undefined) return found;
  }
  // The bytes after the last group, and a number that ends there.
  const rest = Math.max(from, misaligned + 2 * groupsEnd - groupBytes);
  for (let at = rest; at < bytes.length; at++) if (isInteger(bytes, at)) return at;
  return findExponent(bytes, rest, bytes.length) ?? Infinity;
}

/** Whether an "e" of the group may have three digits after it, which rules out most words with an "e". */
function mayGoOn(table: Uint8Array, pairs: Uint16Array, group: number): boolean {
  for (let at = group; at < group + pairsPerGroup; at++) {
    if (table[pairs[at] ?? 0] !== mayBeExponent) continue;
    if (((table[pairs[at + 1] ?? 0] ?? 0) & (isDigits | isSignedDigit)) !== 0) return true;
  }
  return false;
}

/** Whether the byte is in a number with at least `longInteger` digits in a row. */
function isInteger(bytes: Uint8Array, at: number): boolean {
  if (!isDigit(bytes[at] ?? 0)) return false;
  let first = at;
  while (at - first < longInteger && isDigit(bytes[first - 1] ?? 0)) first--;
  let end = at;
  while (end - first < longInteger && isDigit(bytes[end] ?? 0)) end++;
  return end - first >= longInteger && isNumber(bytes, first);
}

/** The first "e" between `start` and `end`, exclusive, that is in a number and has three digits after it. */
function findExponent(bytes: Uint8Array, start: number, end: number): number | undefined {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte !== lowerE && byte !== upperE) continue;
    const digits = bytes[at + 1] === plus ? at + 2 : at + 1;
    if (!isDigit(bytes[digits] ?? 0) || !isDigit(bytes[digits + 1] ?? 0) || !isDigit(bytes[digits + 2] ?? 0)) continue;
    if (isDigit(bytes[at - 1] ?? 0) && isNumber(bytes, at)) return at;
  }
  return undefined;
}

/** Whether the digits and points before `end` begin a number, and not a word or a string. */
function isNumber(bytes: Uint8Array, end: number): boolean {
  const least = Math.max(0, end - lookBehind);
  let first = end;
  while (first > least && (isDigit(bytes[first - 1] ?? 0) || bytes[first - 1] === point)) first--;
  // The caller, which examines the whole line, decides about a longer number.
  if (first === least) return true;
  const minus = bytes[first - 1] === hyphen ? 1 : 0;
  return first - minus === 0 || mayComeBefore.includes(bytes[first - minus - 1] ?? 0);
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

/** What each pair of bytes may be part of, indexed by the pair as a number in the machine's byte order. */
function makeTable(): Uint8Array {
  const table = new Uint8Array(0x10000);
  const pair = new Uint16Array(1);
  const bytes = new Uint8Array(pair.buffer);
  for (let one = 0; one < 0x100; one++) {
    for (let other = 0; other < 0x100; other++) {
      bytes[0] = one;
      bytes[1] = other;
      const isE = one === lowerE || one === upperE;
      if (isDigit(one) && isDigit(other)) table[pair[0] ?? 0] = isDigits;
      else if (isE && (isDigit(other) || other === plus)) table[pair[0] ?? 0] = mayBeExponent;
      else if (one === plus && isDigit(other)) table[pair[0] ?? 0] = isSignedDigit;
      else if (isDigit(one) && (other === lowerE || other === upperE)) table[pair[0] ?? 0] = mayBeExponent;
    }
  }
  return table;
}
