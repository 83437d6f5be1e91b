/** Sums of the same floats in a different order have a smaller relative difference than this. */
const tolerance = 1e-9;

/** Whether two results are equal except for the rounding of floats, even inside strings. */
export function isSameResult(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a === "number" && typeof b === "number") return isSameNumber(a, b);
  if (typeof a === "string" && typeof b === "string") return isSameText(a, b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  if (left.length !== right.length) return false;
  const other = new Map(right);
  return left.every(([name, value]) => other.has(name) && isSameResult(value, other.get(name)));
}

function isSameNumber(a: number, b: number): boolean {
  if (a === b) return true;
  if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return false;
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

/** Apps write their numbers into texts, such as `"mean 0.1 of 3"`. */
function isSameText(a: string, b: string): boolean {
  const number = /(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/i;
  const [left, right] = [a.split(number), b.split(number)];
  if (left.length !== right.length) return false;
  return left.every((piece, index) => {
    const other = right[index] ?? "";
    if (piece === other) return true;
    const isWhole = /^-?\d+$/.test(piece) && /^-?\d+$/.test(other);
    return index % 2 === 1 && !isWhole && isSameNumber(Number(piece), Number(other));
  });
}
