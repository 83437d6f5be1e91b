import { setTimeout as delay } from "node:timers/promises";

/** The work that `runInFlight` runs: a sequence of items, each of which may be under way for some time. */
export interface InFlightWork<Item> {
  /**
   * Returns the next item; undefined at the end. Called only when that item can begin. An error counts as a failure that
   * follows all earlier items.
   */
  next(): Item | undefined | Promise<Item | undefined>;
  /** Waits until the next item may begin, or the signal fires. Absent when items may begin at once. */
  readonly mayBegin?: ((stopping: AbortSignal) => Promise<void>) | undefined;
  /** Begins an item. Returns a promise of its end; undefined when it has already ended. */
  begin(item: Item): PromiseLike<unknown> | undefined;
  /** Whether there is memory for one more item. */
  hasRoom(): boolean;
  /** Notes that all earlier items are delivered, and this one begins or is under way. May be called more than once. */
  isFirst(item: Item): void;
  /** Delivers the result of an item. Called in the order of the items. An error counts as a failure of this item. */
  deliver(item: Item): void;
  /** Cancels an item, which may be under way, because an earlier one failed or the signal fired. */
  cancel(item: Item): void;
  /** Reports the number of items under way, and the earliest one. */
  underWay(count: number, first: Item | undefined): void;
  /** Reports the item whose error `runInFlight` is about to throw; undefined when no item has caused it. */
  failed(item: Item | undefined, error: unknown): void;
}

export interface InFlightLimits {
  /** How many items may be under way at once. */
  readonly concurrency: number;
  /** How many items may have begun and not be delivered yet. */
  readonly windowMax: number;
  /** Cancels everything when it fires. */
  readonly signal: AbortSignal;
  /** How long, after a failure, to wait for cancelled items, in milliseconds. */
  readonly cancelGraceMs: number;
}

/**
 * Runs several items at once, and delivers them in their order. The caller cannot tell this from running one after the other:
 * every item before the first failing one is delivered, and the error of that item is thrown, even if a later item failed
 * earlier in time.
 *
 * After a failure it begins no further item, cancels the later ones, and waits for the earlier ones. Throws the reason of the
 * signal when that fires.
 */
export function runInFlight<Item>(work: InFlightWork<Item>, limits: InFlightLimits): Promise<void> {
  return new InFlight(work, limits).run();
}

interface Entry<Item> {
  readonly item: Item;
  state: "under way" | "ended" | "failed";
  error?: unknown;
}

class InFlight<Item> {
  readonly #work: InFlightWork<Item>;
  readonly #limits: InFlightLimits;
  /** The items that have begun and are not delivered, in their order. */
  readonly #window: Entry<Item>[] = [];
  #underWay = 0;
  /** Fires when no further item may begin. */
  readonly #stopping = new AbortController();
  #readError: { readonly error: unknown } | undefined;
  /** An error of the work itself, beside the items: it could not report its progress, for example. */
  #ownError: { readonly error: unknown } | undefined;
  #isReadToEnd = false;
  #wake: (() => void) | undefined;

  constructor(work: InFlightWork<Item>, limits: InFlightLimits) {
    this.#work = work;
    this.#limits = limits;
  }

  async run(): Promise<void> {
    const { signal } = this.#limits;
    const onAbort = () => {
      this.#cancelFrom(0);
      this.#changed();
    };
    signal.addEventListener("abort", onAbort);
    try {
      while (!this.#isOver()) await this.#beginNextOrWait();
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (this.#underWay > 0) await this.#settleWithin(this.#limits.cancelGraceMs);
    }
  }

  /** Whether all items are delivered. Throws the error that ends the run. */
  #isOver(): boolean {
    const { signal } = this.#limits;
    if (signal.aborted) {
      this.#work.failed(undefined, signal.reason);
      throw signal.reason;
    }
    if (this.#ownError !== undefined) throw this.#ownError.error;
    const [first] = this.#window;
    if (first?.state === "failed") {
      this.#work.failed(first.item, first.error);
      throw first.error;
    }
    if (first !== undefined || !this.#isReadToEnd) return false;
    if (this.#readError === undefined) return true;
    this.#work.failed(undefined, this.#readError.error);
    throw this.#readError.error;
  }

  async #beginNextOrWait(): Promise<void> {
    if (!this.#canBegin()) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      return;
    }
    let item: Item | undefined;
    try {
      const next = this.#work.next();
      item = next instanceof Promise ? await next : next;
    } catch (error) {
      this.#readError = { error };
    }
    if (item === undefined) {
      this.#isReadToEnd = true;
      return;
    }
    const { signal } = this.#stopping;
    if (this.#work.mayBegin !== undefined && !signal.aborted) await this.#work.mayBegin(signal);
    if (!signal.aborted) this.#begin(item);
  }

  #canBegin(): boolean {
    const { concurrency, windowMax } = this.#limits;
    if (this.#isReadToEnd || this.#stopping.signal.aborted) return false;
    if (this.#underWay >= concurrency || this.#window.length >= windowMax) return false;
    return this.#window.length === 0 || this.#work.hasRoom();
  }

  #begin(item: Item): void {
    const entry: Entry<Item> = { item, state: "under way" };
    this.#window.push(entry);
    if (this.#window.length === 1) this.#work.isFirst(item);
    let end: PromiseLike<unknown> | undefined;
    try {
      end = this.#work.begin(item);
    } catch (error) {
      this.#fail(entry, error);
      this.#tellUnderWay();
      return;
    }
    if (end === undefined) {
      entry.state = "ended";
      this.#deliverEnded();
    } else {
      this.#underWay += 1;
      end.then(
        () => this.#settle(entry),
        (error: unknown) => this.#settle(entry, { error }),
      );
    }
    this.#tellUnderWay();
  }

  #settle(entry: Entry<Item>, failure?: { readonly error: unknown }): void {
    this.#underWay -= 1;
    try {
      if (failure === undefined) entry.state = "ended";
      else this.#fail(entry, failure.error);
      this.#deliverEnded();
      this.#tellUnderWay();
    } catch (error) {
      this.#ownError ??= { error };
    }
    this.#changed();
  }

  #fail(entry: Entry<Item>, error: unknown): void {
    entry.state = "failed";
    entry.error = error;
    this.#cancelFrom(this.#window.indexOf(entry) + 1);
  }

  /** Delivers the items at the front of the window that have ended. */
  #deliverEnded(): void {
    if (this.#limits.signal.aborted) return;
    for (;;) {
      const [first] = this.#window;
      if (first === undefined || first.state === "failed") return;
      if (first.state === "under way") {
        this.#work.isFirst(first.item);
        return;
      }
      try {
        this.#work.deliver(first.item);
      } catch (error) {
        this.#fail(first, error);
        return;
      }
      this.#window.shift();
    }
  }

  /** Cancels the items in the window from `index` on, and stops beginning others. */
  #cancelFrom(index: number): void {
    this.#stopping.abort();
    for (const { item } of this.#window.slice(index)) this.#work.cancel(item);
  }

  #tellUnderWay(): void {
    this.#work.underWay(this.#underWay, this.#window.find(({ state }) => state === "under way")?.item);
  }

  #changed(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  async #settleWithin(graceMs: number): Promise<void> {
    const timer = new AbortController();
    const timeUp = delay(graceMs, true, { signal: timer.signal }).catch(() => true);
    for (let isTimeUp = false; this.#underWay > 0 && !isTimeUp;) {
      const settled = new Promise<boolean>((resolve) => (this.#wake = () => resolve(false)));
      isTimeUp = await Promise.race([timeUp, settled]);
    }
    timer.abort();
  }
}
