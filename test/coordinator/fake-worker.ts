import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach } from "vitest";
import { Coordinator } from "../../src/coordinator/coordinator.js";
import type { CoordinatorOptions } from "../../src/coordinator/options.js";
import { findInputs } from "../../src/input/files.js";
import { outputName, stagedName } from "../../src/output/names.js";
import { Peer, type Handlers } from "../../src/rpc/peer.js";
import { protocolVersion, type ParamsOf } from "../../src/rpc/protocol.js";
import type { Assignment } from "../../src/model/assignment.js";
import type { AttemptOutcome } from "../../src/model/attempt.js";
import { connectUnixSocket } from "../../src/rpc/unix-socket.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { jobOptions } from "./job-options.js";

export const temporary = useTemporaryDirectory();
export const app = { name: "wc.js", hash: "abc", input: "file" } as const;
export const done: Extract<AttemptOutcome, { type: "done" }> = {
  type: "done",
  outputs: [],
  recordsIn: 1,
  recordsOut: 2,
  bytesIn: 3,
  bytesOut: 4,
  keys: 6,
  spills: 7,
  spilledBytes: 8,
  skipped: [],
  sideFiles: [],
  counters: [["pages", 5]],
};

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const action of cleanUp) await action();
  cleanUp = [];
});

/** A coordinator of a job with this many map tasks and one reduce task. */
export async function startJob(maps: number, options: Partial<CoordinatorOptions> = {}) {
  const directory = temporary.newDirectory();
  const names = Array.from({ length: maps }, (_, index) => join(directory, `input-${index}`));
  for (const name of names) writeFileSync(name, "");
  const socket = join(directory, "s");
  const log: string[] = [];
  const note = (message: string) => log.push(message);
  const coordinator = await Coordinator.start({
    ...jobOptions(directory, socket),
    inputs: findInputs(names),
    log: { info: note, warn: note, warnOfData: note },
    ...options,
  });
  const report = coordinator.run();
  cleanUp.push(async () => {
    coordinator.abort("the test is over");
    await report;
  });
  return { coordinator, directory, socket, report, log };
}

/** A worker without an executor: the test determines its messages. */
export class FakeWorker {
  readonly peer: Peer;
  id = "";
  token = "";
  #directory = "";
  #job = "";
  /** Whether the outputs that it reports do not exist. */
  losesOutputs = false;

  private constructor(peer: Peer) {
    this.peer = peer;
  }

  static async connect(socket: string, handlers: Handlers = {}): Promise<FakeWorker> {
    const worker = new FakeWorker(new Peer(await connectUnixSocket(socket), { Ping: () => ({}), ...handlers }));
    cleanUp.unshift(() => worker.leave());
    return worker;
  }

  static async join(socket: string, handlers?: Handlers): Promise<FakeWorker> {
    const worker = await FakeWorker.connect(socket, handlers);
    await worker.register();
    return worker;
  }

  async register(own: Partial<ParamsOf<"Register">> = {}) {
    const result = await this.peer.call("Register", { protocol: protocolVersion, pid: 1, host: "here", app, ...own });
    this.id = result.worker;
    this.token = result.token;
    this.#directory = result.job.directory;
    this.#job = result.job.id;
    return result;
  }

  ask(): Promise<Assignment> {
    return this.peer.call("RequestTask", { worker: this.id });
  }

  async finish(assignment: Assignment, outcome: AttemptOutcome = done) {
    const { ref } = taskOf(assignment);
    let told = outcome;
    if (outcome.type === "done") {
      if (ref.kind === "reduce") told = { ...outcome, checksum: 0 };
      await this.peer.call("MayCommit", { worker: this.id, ref });
      const output = join(this.#directory, stagedName(this.#job, outputName(ref.task)));
      if (ref.kind === "reduce" && !this.losesOutputs) writeFileSync(output, "x".repeat(outcome.bytesOut));
    }
    return this.peer.call("NotifyTaskCompletion", { worker: this.id, ref, outcome: told, leaving: false });
  }

  leave(): Promise<void> {
    return this.peer.close();
  }
}

export function taskOf(assignment: Assignment): Extract<Assignment, { type: "sample" | "map" | "combine" | "reduce" }> {
  if (assignment.type !== "wait" && assignment.type !== "exit") return assignment;
  throw new Error(`expected a task, not ${assignment.type}`);
}
