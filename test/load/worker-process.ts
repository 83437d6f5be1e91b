/** Many workers in one process, which only follow the protocol, as fast as they can. Started by `cluster.ts`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputName, stagedName } from "../../src/output/names.js";
import { noMeasures } from "../../src/model/measures.js";
import { Peer } from "../../src/rpc/peer.js";
import { protocolVersion } from "../../src/rpc/protocol.js";
import type { Assignment } from "../../src/model/assignment.js";
import type { AttemptRef, OutputFile } from "../../src/model/attempt.js";
import { connectUnixSocket } from "../../src/rpc/unix-socket.js";
import { Durations } from "./durations.js";
import type { WorkersEnd, WorkersStart } from "./messages.js";

const { socket, directory, size, onlyMaps } = JSON.parse(process.argv[2] ?? "") as WorkersStart;
const app = { name: "load.js", hash: "0", input: "lines" } as const;

const accepted = { map: 0, reduce: 0 };
const tasks = { map: new Set<number>(), reduce: new Set<number>() };
let wrongInputs = 0;
const reports = new Durations();

const workers = Array.from({ length: size.workers }, () => work());
await Promise.all(workers);
const end: WorkersEnd = {
  accepted,
  tasks: { map: tasks.map.size, reduce: tasks.reduce.size },
  wrongInputs,
  report: reports.summary(),
};
process.send?.(end);
process.disconnect();

async function work(): Promise<void> {
  const over = new AbortController();
  const peer = new Peer(await connectUnixSocket(socket), {
    Ping: () => ({}),
    CancelTask: () => ({}),
    Shutdown: () => {
      over.abort();
      return {};
    },
  });
  let heartbeats: NodeJS.Timeout | undefined;
  try {
    const hello = { protocol: protocolVersion, pid: process.pid, host: "load", app };
    const { worker, job } = await peer.call("Register", hello);
    const beat = () => void peer.call("Heartbeat", { worker, attempts: [], memoryBytes: 1 }).catch(() => undefined);
    heartbeats = setInterval(beat, job.heartbeatIntervalMs);
    let next: Assignment = await peer.call("RequestTask", { worker });
    while (next.type !== "exit") {
      if (next.type === "wait") next = await peer.call("RequestTask", { worker });
      // It keeps the task, which must not be assigned to another worker, and the connection.
      else if (next.type === "reduce" && onlyMaps) return;
      else next = await attempt(peer, worker, job.id, next.ref);
    }
    await peer.close();
  } catch (error) {
    // A small job may have ended before this worker was registered.
    if (!over.signal.aborted) throw error;
  } finally {
    clearInterval(heartbeats);
  }
}

async function attempt(peer: Peer, worker: string, job: string, ref: AttemptRef): Promise<Assignment> {
  if (ref.kind === "sample" || ref.kind === "combine") throw new Error(`an unexpected ${ref.kind} task`);
  if (ref.kind === "reduce") await listInputs(peer, worker, ref);
  const { granted } = await peer.call("MayCommit", { worker, ref });
  if (!granted) return { type: "wait" };
  if (ref.kind === "reduce") writeFileSync(join(directory, stagedName(job, outputName(ref.task))), "");
  const outcome = {
    type: "done" as const,
    outputs: ref.kind === "map" ? outputsOf(ref.task) : [],
    ...(ref.kind === "map" ? {} : { checksum: 0 }),
    skipped: [],
    sideFiles: [],
    ...{ ...noMeasures(), recordsIn: 1, recordsOut: 1, bytesIn: 1024, keys: 1 },
  };
  const startMs = performance.now();
  const answer = await peer.call("NotifyTaskCompletion", { worker, ref, outcome, leaving: false });
  reports.add(performance.now() - startMs);
  if (answer.accepted) {
    accepted[ref.kind] += 1;
    tasks[ref.kind].add(ref.task);
  }
  return answer.next;
}

/** Like a real map: a file for each partition. */
function outputsOf(task: number): OutputFile[] {
  return Array.from({ length: size.partitions }, (_, partition) => [
    partition,
    60_000 + task,
    (task * partition * 40503) >>> 0,
  ]);
}

async function listInputs(peer: Peer, worker: string, ref: AttemptRef): Promise<void> {
  let inputs = 0;
  for (let from: number | undefined = 0; from !== undefined;) {
    const page: Awaited<ReturnType<typeof peer.call<"ListInputs">>> = await peer.call("ListInputs", {
      worker,
      ref,
      from,
    });
    if (page.type === "stale") throw new Error(`the inputs of reduce ${ref.task} are stale`);
    inputs += page.inputs.length;
    from = page.next;
  }
  if (inputs !== size.splits) wrongInputs += 1;
}
