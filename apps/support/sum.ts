/** Adds up the numbers of a key: what most apps that count do as `combine` and as `reduce`. */
export function sum(_key: string, numbers: number[]): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
