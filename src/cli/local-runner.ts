import type { AppFile } from "../app/resolve.js";
import { runCluster, type RunEnd } from "../local/run.js";
import type { JobDirectory } from "../output/directory.js";
import { memoryProblem } from "../machine/budget.js";
import { workerMemory } from "../machine/worker-memory.js";
import type { StatusServer } from "../status/server.js";
import type { jobOptions } from "../local/job-options.js";
import { JobConsole } from "./job-console.js";
import { profileDestination } from "./profile-destination.js";
import { onSignals } from "./program.js";
import { startStatusPage } from "./status-page.js";

interface Given {
  readonly workers: number;
  readonly workerMemory?: number | undefined;
  readonly cpuProf?: string | true | undefined;
  readonly drainTimeout: number;
  readonly quiet?: boolean | undefined;
  readonly statusPort?: number | undefined;
  readonly statusHost: string;
}

/** Runs jobs on this machine, one after the other, with progress, status page and signal handling. */
export class LocalRunner {
  readonly #path: string;
  readonly #given: Given;
  readonly #console: JobConsole;
  readonly #stop = new AbortController();
  readonly #drain = new AbortController();
  readonly #kill = new AbortController();
  #statusPage: StatusServer | undefined;
  #last: RunEnd | undefined;
  /** The first signal received, if any. */
  stoppedBy: NodeJS.Signals | undefined;

  /** `path` is the name of the command. From now on, signals no longer end this process directly. */
  constructor(path: string, given: Given) {
    this.#path = path;
    this.#given = given;
    this.#console = new JobConsole(path, { quiet: given.quiet ?? false });
    onSignals(
      (signal) => {
        this.stoppedBy = signal;
        (signal === "SIGTERM" ? this.#drain : this.#stop).abort(`stopped by ${signal}`);
      },
      (signal) => {
        this.#stop.abort(`stopped by ${signal}`);
        this.#kill.abort();
      },
    );
  }

  /** Writes a log line. */
  readonly log = (message: string): void => {
    this.#console.log(message);
  };

  /** Prints warnings, and serves the status page if requested. Rejects with a StatusAddressError. */
  async open(): Promise<void> {
    const problem = memoryProblem(this.#given.workers);
    if (problem !== undefined) this.log(problem);
    this.#statusPage = await startStatusPage(this.#path, this.#given);
  }

  /** Runs a job, which may be a step of the pipeline in that directory. Throws the errors of `Coordinator.start`. */
  async run(app: AppFile, job: ReturnType<typeof jobOptions>, pipeline?: JobDirectory): Promise<RunEnd> {
    const { workerMemory: limitBytes } = this.#given;
    try {
      this.#last = await runCluster({
        app,
        pipeline,
        workers: this.#given.workers,
        profiles: profileDestination(this.#given),
        memory: limitBytes === undefined ? undefined : workerMemory(limitBytes, job.collectorBytes),
        // Within one command, connections between its parts are noise.
        job: {
          ...job,
          app,
          log: {
            info: () => undefined,
            warn: this.log,
            warnOfData: (message) => {
              this.#console.warnOfData(message);
            },
          },
        },
        stop: this.#stop.signal,
        drain: this.#drain.signal,
        drainTimeoutMs: this.#given.drainTimeout,
        kill: this.#kill.signal,
        onStarted: (coordinator) => {
          this.#console.start(() => coordinator.snapshot());
          this.#statusPage?.show(() => coordinator.view());
        },
      });
      return this.#last;
    } finally {
      this.#console.stop();
    }
  }

  /** Sends the final state to open status pages, and closes the server. */
  async close(): Promise<void> {
    await this.#statusPage?.close(this.#last?.report.view);
  }
}
