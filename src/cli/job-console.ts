import type { Snapshot } from "../model/snapshot.js";
import { visibleLine } from "../terminal/visible-text.js";
import { createProgressBars, createProgressLines, type ProgressView } from "../status/progress.js";

/** A job shorter than this shows no progress. */
const firstShownMs = 300;
const redrawIntervalMs = 200;
const lineIntervalMs = 5000;

/** Writes to standard error during a job: log lines, and progress as bars on a terminal, as occasional lines elsewhere. */
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

  /** Writes a log line, unless quiet. */
  log(message: string): void {
    if (!this.#isQuiet) this.warnOfData(message);
  }

  /** Writes a log line about the inputs or the output, even when quiet. */
  warnOfData(message: string): void {
    const line = `${this.#program}: ${visibleLine(message)}`;
    if (this.#view === undefined) process.stderr.write(`${line}\n`);
    else this.#view.log(line);
  }

  /** Starts to show progress, and takes a snapshot for each update. */
  start(snapshot: () => Snapshot): void {
    if (this.#isQuiet) return;
    const begin = async () => {
      const view =
        process.stderr.isTTY && process.env["TERM"] !== "dumb"
          ? await createProgressBars(process.stderr)
          : createProgressLines(process.stderr, this.#program, lineIntervalMs);
      // The display may have been stopped meanwhile, and started for another job.
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
