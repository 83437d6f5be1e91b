import { types } from "node:util";
import { AppError } from "./app-error.js";

/** What the engine calls and does not await, each with what it can be made instead. */
const synchronous: Readonly<Record<string, string>> = {
  combine: "a plain function, or a generator (function*)",
  partition: "a plain function",
  groupKey: "a plain function",
  sortValues: "a plain function",
};

/**
 * Throws an AppError when an app exports an asynchronous function where the engine needs a result at once. `combine` is not
 * called for a key with one value, so that the promise that it returns might be found only in another job.
 */
export function requireSynchronous(path: string, app: Readonly<Record<string, unknown>>): void {
  for (const [name, instead] of Object.entries(synchronous)) {
    if (!types.isAsyncFunction(app[name])) continue;
    throw new AppError(
      `app ${path}: export ${name} is an async function, and the engine does not await it; make it ${instead}, and ` +
        "await what it needs in setup",
    );
  }
}
