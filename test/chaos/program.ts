import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Its children may hold its standard error open after it has ended, but its own output has been read by then. */
const lastWordsMs = 300;

/** A program that was started. */
export class Program {
  readonly name: string;
  readonly pid: number;
  /** Its output on standard error. */
  stderr = "";
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(name: string, child: ChildProcess, log: (text: string) => void) {
    this.name = name;
    this.pid = child.pid ?? 0;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.stderr += text;
        log(text);
      });
    }
    const closed = once(child, "close");
    this.ended = once(child, "exit").then(async ([code, signal]) => {
      await Promise.race([closed, sleep(lastWordsMs)]);
      log(`[ended with ${String(code ?? signal)}]`);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}
