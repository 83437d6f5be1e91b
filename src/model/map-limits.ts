/** The limits of `concurrency` and `ratePerSecond`, and their checks. */

export const mapConcurrencyMax = 1000;
export const ratePerSecondMax = 1_000_000;

/** Describes why a value is no `concurrency`, to follow that name in a message; undefined when it is one. */
export function concurrencyProblem(value: unknown): string | undefined {
  if (isMapConcurrency(value)) return undefined;
  return `must be a whole number from 1 to ${mapConcurrencyMax}, the calls of map in flight at once`;
}

/** Describes why a value is no `ratePerSecond`, to follow that name in a message; undefined when it is one. */
export function rateProblem(value: unknown): string | undefined {
  if (isRatePerSecond(value)) return undefined;
  return `must be a number above 0 and up to ${ratePerSecondMax}, the calls of map that the job begins in a second`;
}

export function isMapConcurrency(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= mapConcurrencyMax;
}

export function isRatePerSecond(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value <= ratePerSecondMax;
}
