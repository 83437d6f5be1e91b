import type { Snapshot } from "../rpc/protocol.js";
import { visibleLine } from "../terminal/visible-text.js";
import { createProgressBars, createProgressLines, type ProgressView } from "../status/progress.js";

/** A job shorter than this shows no progress. */
const firstShownMs = 300;
const redrawIntervalMs = 200;
const lineIntervalMs = 5000;

/** Standard error during a job: log lines, and progress as bars on a terminal, as a line now and then elsewhere. */
export class JobConsole {
  readonly #program: string;
  readonly #isQuiet: boolean;
  #view: ProgressView | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `program` begins each line. */
  constructor(program: string, { quiet }: { quiet: boolean }) {
    this.#program = program;
    this.#isQuiet = quiet;
  }

  /** Writes a line of the log, unless it is quiet. */
  log(message: string): void {
    if (!this.#isQuiet) this.warnOfData(message);
  }

  /** Writes a line of the log that says something about the inputs or the output, even when it is quiet. */
  warnOfData(message: string): void {
    const line = `${this.#program}: ${visibleLine(message)}`;
    if (this.#view === undefined) process.stderr.write(`${line}\n`);
    else this.#view.log(line);
  }

  /** Begins to show progress, taking a snapshot whenever one is needed. */
  start(snapshot: () => Snapshot): void {
    if (this.#isQuiet) return;
    const begin = async () => {
      const view =
        process.stderr.isTTY && process.env["TERM"] !== "dumb"
          ? await createProgressBars(process.stderr)
          : createProgressLines(process.stderr, this.#program, lineIntervalMs);
      // It may have been stopped meanwhile, and started for another job.
      if (this.#timer !== delay) {
        view.end();
        return;
      }
      this.#view = view;
      view.show(snapshot());
      this.#timer = setInterval(() => view.show(snapshot()), redrawIntervalMs);
    };
    const delay = setTimeout(() => void begin(), firstShownMs);
    this.#timer = delay;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#view?.end();
    this.#view = undefined;
  }
}
