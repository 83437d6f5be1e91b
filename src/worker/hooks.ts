import type { HookContext } from "../app/contract.js";
import { isAsyncIterator, isIterator } from "../app/json-value.js";
import type { LoadedApp } from "../app/load.js";
import { visibleText } from "../terminal/visible-text.js";
import type { PendingWork } from "./pending-work.js";
import { hookAtWork, type Progress } from "./task-context.js";

/**
 * The app's `setup` and `teardown` in one attempt: `setUp`, then the attempt's work, then `tearDown`, or
 * `tearDownAfterError` after an error. As in Hadoop, `teardown` is called whenever `setup` succeeded, because the
 * thread lives on and the app must be able to close what it opened for this attempt. While a hook runs there is no
 * current record, so its error never causes a record to be skipped.
 */
export class AttemptHooks {
  readonly #app: Pick<LoadedApp, "setup" | "teardown">;
  readonly #context: HookContext;
  readonly #work: PendingWork | undefined;
  readonly #progress: Progress;
  /** Whether `setup` has succeeded and `teardown` has not begun. */
  #isSetUp = false;

  constructor(
    app: Pick<LoadedApp, "setup" | "teardown">,
    context: HookContext & { readonly work?: PendingWork | undefined },
    progress: Progress,
  ) {
    this.#app = app;
    this.#context = context;
    this.#work = context.work;
    this.#progress = progress;
  }

  /** Call it before the first record. Throws the app's errors. */
  async setUp(): Promise<void> {
    await this.#call("setup");
    if (this.#app.setup !== undefined) await this.#work?.noteSetUp();
    this.#isSetUp = true;
  }

  /** Call it after the last record. Throws the app's errors, and those for emitting too late before `teardown`. */
  async tearDown(): Promise<void> {
    await this.#work?.settleFiles();
    this.#isSetUp = false;
    if (this.#app.teardown === undefined) return;
    await this.#call("teardown");
    await this.#work?.settleFiles();
  }

  /** Call it while handling any error. Never throws: the first error is the one to report. */
  async tearDownAfterError(): Promise<void> {
    const { teardown } = this.#app;
    if (!this.#isSetUp || teardown === undefined) return;
    this.#isSetUp = false;
    const { record } = this.#progress;
    // The record that caused the error is also to blame if `teardown` then fails.
    if (Number.isNaN(record)) this.#progress.beginRecord(hookAtWork);
    try {
      await teardown(this.#context);
    } catch (error) {
      this.#context.log(visibleText(`teardown failed, too: ${String(error)}`));
    } finally {
      this.#progress.beginRecord(record);
    }
  }

  async #call(name: "setup" | "teardown"): Promise<void> {
    const hook = this.#app[name];
    if (hook === undefined) return;
    this.#progress.beginRecord(hookAtWork);
    const result: unknown = await hook(this.#context);
    if (isIterator(result) || isAsyncIterator(result)) {
      throw new TypeError(`${name} is a generator, whose body never runs; make it a plain function, or an async one`);
    }
    this.#progress.beginRecord(NaN);
  }
}
