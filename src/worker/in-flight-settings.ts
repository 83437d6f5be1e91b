import type { LoadedApp } from "../app/load.js";
import { StartPacer } from "./start-pacer.js";
import type { AttemptSettings } from "./task-context.js";

export interface InFlightSettings {
  /** How many calls of `map` may be under way at once. */
  readonly concurrency: number;
  /** Delays calls to keep the rate of the job; undefined without a rate. */
  readonly pacer: StartPacer | undefined;
  /** Whether the pairs that a failing record emitted are delivered before its error is thrown. */
  readonly deliversFailed?: boolean;
  /** While the records hold more than this, in bytes, no further record begins. */
  readonly heldBytesMax: number;
}

/**
 * The memory that the records in flight may hold, as a share of that for the pairs of the attempt. It is not taken from that:
 * with less memory the collector would call `combine` on other groups of values, and sums of fractions would differ in their
 * last digits.
 */
const heldShare = 1 / 4;

/** How an attempt keeps records in flight; undefined when it maps one record after the other without a rate. */
export function inFlightOf(
  app: Pick<LoadedApp, "concurrency" | "ratePerSecond">,
  settings: AttemptSettings,
): InFlightSettings | undefined {
  const { mapConcurrency, ratePerSecond, reserveStarts, marksRecords, collectorBytes } = settings;
  const concurrency = marksRecords ? 1 : (mapConcurrency ?? app.concurrency ?? 1);
  const pacer =
    ratePerSecond === undefined || reserveStarts === undefined
      ? undefined
      : new StartPacer(ratePerSecond, reserveStarts);
  if (concurrency === 1 && pacer === undefined) return undefined;
  return { concurrency, pacer, heldBytesMax: Math.floor(collectorBytes * heldShare) };
}
