/**
 * A process: it can be stopped and continued (SIGSTOP, SIGCONT), and killed. Events while it is stopped wait for it;
 * events after its death are dropped.
 */
export class Process {
  readonly #held: (() => void)[] = [];
  #isStopped = false;
  isAlive = true;

  /** An event for the process: it happens now, later, or never. */
  take(action: () => void): void {
    if (!this.isAlive) return;
    if (this.#isStopped) this.#held.push(action);
    else action();
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
  }

  continue(): void {
    this.#isStopped = false;
    for (let action = this.#held.shift(); action !== undefined; action = this.#held.shift()) {
      if (this.isAlive) action();
    }
  }

  kill(): void {
    this.isAlive = false;
    this.#held.length = 0;
  }
}
