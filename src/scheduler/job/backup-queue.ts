interface Entry<Task> {
  readonly dueMs: number;
  readonly task: Task;
}

/**
 * The tasks in progress, ordered by when they are due for a backup attempt. A binary heap (a priority queue) lets each
 * waiting worker learn in a single look that no task is due.
 *
 * Each task has at most one valid entry, which is in `#due`; stale entries stay in the heap until they reach its top.
 */
export class BackupQueue<Task> {
  readonly #heap: Entry<Task>[] = [];
  readonly #due = new Map<Task, number>();

  /** Sets when the task is due, replacing any earlier time. */
  set(task: Task, dueMs: number): void {
    if (this.#due.get(task) === dueMs) return;
    this.#due.set(task, dueMs);
    this.#insert({ dueMs, task });
  }

  delete(task: Task): void {
    this.#due.delete(task);
  }

  /**
   * Returns the longest-waiting task that is due at `nowMs` and for which `suits` holds; undefined if no task qualifies.
   */
  first(nowMs: number, suits: (task: Task) => boolean): Task | undefined {
    const passedOver: Entry<Task>[] = [];
    let found: Task | undefined;
    for (let top = this.#heap[0]; top !== undefined && top.dueMs <= nowMs && found === undefined; top = this.#heap[0]) {
      this.#pop();
      if (this.#due.get(top.task) !== top.dueMs) continue;
      passedOver.push(top);
      if (suits(top.task)) found = top.task;
    }
    for (const entry of passedOver) this.#insert(entry);
    return found;
  }

  #insert(entry: Entry<Task>): void {
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(index: number): void {
    for (let at = index; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(index: number): void {
    for (let at = index; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (left < this.#heap.length && this.#isBefore(left, first)) first = left;
      if (right < this.#heap.length && this.#isBefore(right, first)) first = right;
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    return (this.#heap[a]?.dueMs ?? 0) < (this.#heap[b]?.dueMs ?? 0);
  }

  #swap(a: number, b: number): void {
    const [entryA, entryB] = [this.#heap[a], this.#heap[b]];
    if (entryA === undefined || entryB === undefined) throw new Error("no such entry in the queue");
    this.#heap[a] = entryB;
    this.#heap[b] = entryA;
  }
}
