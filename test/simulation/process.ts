/**
 * A process: it can be stopped and go on (SIGSTOP, SIGCONT), and it can be killed. What happens to it while it is stopped
 * waits for it; what happens to it afterwards nobody takes.
 */
export class Process {
  readonly #held: (() => void)[] = [];
  #isStopped = false;
  isAlive = true;

  /** Something happens to the process: now, later, or never. */
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
