import { types } from "node:util";
import { AppError } from "./app-error.js";

/** The functions that the engine calls without awaiting them, and what each may be instead. */
const synchronous: Readonly<Record<string, string>> = {
  combine: "a plain function, or a generator (function*)",
  partition: "a plain function",
  groupKey: "a plain function",
  sortValues: "a plain function",
};

/**
 * Throws an AppError when an app exports an asynchronous function where the engine needs a result at once. The engine
 * does not call `combine` for a key with a single value, so a promise from it might go unnoticed until another job.
 */
export function requireSynchronous(path: string, app: Readonly<Record<string, unknown>>): void {
  for (const [name, instead] of Object.entries(synchronous)) {
    if (!types.isAsyncFunction(app[name])) continue;
    throw new AppError(
      `app ${path}: export ${name} is an async function, but the engine does not await it; make it ${instead}, and ` +
        "await what it needs in setup",
    );
  }
}
