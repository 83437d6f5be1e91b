import type { StartGrant } from "../model/assignment.js";
import type { State } from "./model.js";

/** Reserves up to `wanted` calls of `map` for an attempt. The rate of the job overrides that of the app. */
export function reserveStarts({ settings, app, startSlots }: State, wanted: number, now: number): StartGrant {
  const rate = settings.ratePerSecond ?? app?.ratePerSecond;
  return rate === undefined ? { delayMs: 0, count: wanted, spacingMs: 0 } : startSlots.reserve(rate, wanted, now);
}

/** Workers use the starts that they reserved at an earlier coordinator within this time. */
const formerStartsMs = 1000;

/** Drops the starts that workers may still use from an earlier coordinator of a resumed job. */
export function skipFormerStarts({ startSlots }: State, now: number): void {
  startSlots.skipTo(now + formerStartsMs);
}
