import type { Choice } from "./choice.js";

const centres = [
  [2, 3],
  [8, 2.5],
  [5, 8],
] as const;

/** Points in the plane around three places, as CSV with a header. */
export function points(choice: Choice, count: number): string {
  let csv = "x,y\n";
  for (let point = 0; point < count; point++) {
    const [x, y] = choice.of(centres);
    csv += `${(x + deviation(choice)).toFixed(3)},${(y + deviation(choice)).toFixed(3)}\n`;
  }
  return csv;
}

/** Nearly normal, and made only from sums, which are the same on every machine. */
function deviation(choice: Choice): number {
  let sum = 0;
  for (let i = 0; i < 6; i++) sum += choice.below(1000) / 1000 - 0.5;
  return sum;
}
