import { setImmediate } from "node:timers/promises";

/**
 * Runs a piece of app code, and rejects also with what it throws in a callback, or in a promise that nobody awaits. That
 * comes out a turn later, so it is waited for that turn.
 */
export async function endedByStrayError<Result>(run: () => Promise<Result>): Promise<Result> {
  let onError: (error: unknown) => void = () => undefined;
  const stray = new Promise<never>((_, reject) => (onError = reject));
  stray.catch(() => undefined);
  process.on("uncaughtException", onError);
  try {
    const result = await Promise.race([run(), stray]);
    await Promise.race([setImmediate(), stray]);
    return result;
  } finally {
    process.off("uncaughtException", onError);
  }
}
