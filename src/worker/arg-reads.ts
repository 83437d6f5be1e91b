import { isArgName } from "../model/required-options.js";
import { argNamesMax } from "../model/attempt-limits.js";
import type { ArgUse } from "../model/attempt.js";

type Args = Readonly<Record<string, string>>;

/**
 * Records which values of `--arg` the app reads in one attempt, and which it looks for in vain. Listing the names, as
 * `Object.keys` and `JSON.stringify` do, counts as reading all values.
 *
 * Reading through the proxy costs some tens of nanoseconds, so apps get it only until all values were read.
 */
export class ArgReads {
  readonly #args: Args;
  readonly #unread: Set<string>;
  readonly #missed = new Set<string>();
  readonly #watched: Args;

  constructor(args: Args) {
    this.#args = args;
    this.#unread = new Set(Object.keys(args));
    this.#watched = new Proxy(args, {
      get: (target, name) => {
        this.#note(name);
        return Reflect.get(target, name) as unknown;
      },
      has: (target, name) => {
        this.#note(name);
        return Reflect.has(target, name);
      },
      getOwnPropertyDescriptor: (target, name) => {
        this.#note(name);
        return Reflect.getOwnPropertyDescriptor(target, name);
      },
      ownKeys: (target) => {
        this.#unread.clear();
        return Reflect.ownKeys(target);
      },
    });
  }

  /** The value of the app's `ctx.args`. */
  get args(): Args {
    return this.#unread.size === 0 ? this.#args : this.#watched;
  }

  /** The values that the app has read; undefined when there is nothing to read. */
  get use(): ArgUse | undefined {
    const names = Object.keys(this.#args);
    if (names.length === 0) return undefined;
    return { read: names.filter((name) => !this.#unread.has(name)), missed: [...this.#missed] };
  }

  #note(name: string | symbol): void {
    if (typeof name === "symbol" || this.#unread.delete(name) || Object.hasOwn(this.#args, name)) return;
    if (this.#missed.size < argNamesMax && isArgName(name) && !(name in Object.prototype)) this.#missed.add(name);
  }
}
