interface Entry {
  readonly atMs: number;
  /** Events at the same time happen in the order in which they were planned. */
  readonly order: number;
  readonly action: () => void;
}

/** The clock of a simulation: events happen in the order of their times, and no time passes between them. */
export class Timeline {
  readonly #heap: Entry[] = [];
  #order = 0;
  nowMs = 0;

  /** Plans an action for `delayMs` from now. */
  after(delayMs: number, action: () => void): void {
    const entry = { atMs: this.nowMs + delayMs, order: this.#order++, action };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Runs the next event; false when nothing is planned. */
  advance(): boolean {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined) return false;
    if (heap.length > 0) this.#sink(last);
    this.nowMs = first.atMs;
    first.action();
    return true;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let least = heap[child];
      if (least === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, least)) {
        child += 1;
        least = right;
      }
      if (!isBefore(least, entry)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
