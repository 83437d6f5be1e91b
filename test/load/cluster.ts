import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { disturb, type Disturbances } from "./disturbers.js";
import type { CoordinatorMessage, CoordinatorStart, JobSize, Sample, WorkersEnd, WorkersStart } from "./messages.js";

export interface LoadOptions {
  readonly size: JobSize;
  /** Whether there are misbehaving clients beside the workers. */
  readonly withDisturbers: boolean;
  /** Called now and then. */
  onSample?(sample: Sample): void;
}

/** The measurements of one run of a coordinator. */
interface Part {
  /** From the start of the coordinator until workers can connect, excluding the time to load it. */
  readonly startMs: number;
  readonly elapsedMs: number;
  readonly samples: readonly Sample[];
  readonly workers: WorkersEnd;
  readonly disturbances: Disturbances | undefined;
}

export interface LoadReport {
  /** All maps; then the coordinator was killed. */
  readonly maps: Part;
  /** The same job, resumed from the journal. */
  readonly reduces: Part & { readonly phase: string; readonly failure: string | undefined; readonly outputs: number };
  /** The files left in the job's directory, except outputs and manifest. */
  readonly left: readonly string[];
}

/**
 * Plays a job with a real coordinator, at a Unix socket, and workers that only exchange messages. After the last map
 * the coordinator is killed, and another one resumes the job. `root` is an empty directory to work in.
 */
export async function playJob(root: string, options: LoadOptions): Promise<LoadReport> {
  const { size } = options;
  const input = join(root, "input");
  // Nothing reads it: it may be a hole.
  fs.closeSync(fs.openSync(input, "w"));
  fs.truncateSync(input, size.splits * 1024);
  const directory = join(root, "out");
  const start = { input, directory, socket: join(root, "s"), size };
  const first = await Running.start({ ...start, resume: false }, options);
  const maps = await first.work({ ...start, onlyMaps: true });
  first.kill();
  await first.ended;
  const second = await Running.start({ ...start, resume: true }, options);
  const reduces = await second.work({ ...start, onlyMaps: false });
  const { phase, failure, outputs } = await second.ended;
  const left = fs.readdirSync(directory).filter((name) => !/^mr-(out-|manifest\.json$)/.test(name));
  return { maps, reduces: { ...reduces, phase, failure, outputs }, left };
}

/** A running coordinator. */
class Running {
  readonly ended: Promise<{ phase: string; failure: string | undefined; outputs: number }>;
  readonly #coordinator: ChildProcess;
  readonly #options: LoadOptions;
  readonly #startMs: number;
  readonly #samples: Sample[] = [];

  private constructor(coordinator: ChildProcess, options: LoadOptions, startMs: number) {
    this.#coordinator = coordinator;
    this.#options = options;
    this.#startMs = startMs;
    this.ended = new Promise((resolve) => {
      coordinator.on("message", (message: CoordinatorMessage) => {
        if (message.type === "ended") resolve(message);
        else if (message.type === "sample") this.#take(message);
      });
      coordinator.on("exit", () => resolve({ phase: "gone", failure: undefined, outputs: 0 }));
    });
  }

  static async start(start: CoordinatorStart, options: LoadOptions): Promise<Running> {
    const coordinator = startProcess("coordinator-process.ts", start);
    const [message] = (await Promise.race([once(coordinator, "message"), once(coordinator, "exit")])) as [unknown];
    const { type, startMs } = message as { type?: string; startMs?: number };
    if (type !== "listening" || startMs === undefined) throw new Error("the coordinator has not come up");
    return new Running(coordinator, options, startMs);
  }

  async work(start: WorkersStart): Promise<Part> {
    const begunMs = performance.now();
    const endDisturbers = this.#options.withDisturbers ? disturb(start.socket) : undefined;
    const workers = startProcess("worker-process.ts", start);
    const [end] = (await Promise.race([once(workers, "message"), once(workers, "exit")])) as [unknown];
    const elapsedMs = performance.now() - begunMs;
    const disturbances = endDisturbers?.();
    if (typeof end !== "object") throw new Error("the workers have ended before they were done");
    workers.kill("SIGKILL");
    return { startMs: this.#startMs, elapsedMs, samples: this.#samples, workers: end as WorkersEnd, disturbances };
  }

  kill(): void {
    this.#coordinator.kill("SIGKILL");
  }

  #take(sample: Sample): void {
    this.#samples.push(sample);
    this.#options.onSample?.(sample);
  }
}

function startProcess(file: string, start: unknown): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return fork(path, [JSON.stringify(start)], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}
