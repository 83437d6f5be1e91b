/** Fake clients: what they send to the coordinator's socket must not disturb the job. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Rubbish } from "./fault-plan.js";

const manyConnections = 300;
const endlessLineBytes = 64 * 1024 * 1024;

/** Sends garbage for a while. False when no process listens. */
export async function sendRubbish(
  socket: string,
  rubbish: Rubbish,
  forMs: number,
  jobEnded: AbortSignal,
): Promise<boolean> {
  const wanted = rubbish === "many-connections" ? manyConnections : 1;
  const opened = await Promise.all(Array.from({ length: wanted }, () => open(socket)));
  const connections = opened.filter((connection) => connection !== undefined);
  try {
    const endMs = performance.now() + forMs;
    for (const text of messages(rubbish)) {
      if (jobEnded.aborted || performance.now() > endMs || connections.every(({ destroyed }) => destroyed)) break;
      await Promise.all(connections.map((connection) => send(connection, text)));
    }
    await sleep(Math.max(0, endMs - performance.now()), undefined, { signal: jobEnded }).catch(() => undefined);
    return connections.length > 0;
  } finally {
    for (const connection of connections) connection.destroy();
  }
}

function* messages(rubbish: Rubbish): Generator<string | Uint8Array> {
  switch (rubbish) {
    case "bytes":
      for (;;) yield randomBytes(10_000);
    case "endless-line":
      for (let sent = 0; sent < endlessLineBytes; sent += 65_536) yield "x".repeat(65_536);
      return;
    case "unknown-calls":
      for (let id = 1; ; id++) yield call(id, "RequestTask", { worker: `w${id % 7}` });
    case "wrong-shapes":
      for (let id = 1; ; id++) {
        yield call(id, "Heartbeat", { worker: 5, attempts: "none" });
        yield call(id, "NoSuchMethod", []);
        yield "[]\n{}\nnull\n7\n";
        yield call(id, "MayCommit", { worker: "w1", ref: { kind: "map", task: -1, attempt: 1e99 } });
      }
    case "many-connections":
      yield call(1, "Status", {});
      return;
    case "half-message":
      yield '{"jsonrpc":"2.0","id":1,"meth';
  }
}

function call(id: number, method: string, params: unknown): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
}

async function open(path: string): Promise<Socket | undefined> {
  const socket = connect({ path });
  try {
    await once(socket, "connect");
    // Some do not read the replies, so that they pile up.
    if (Math.random() < 0.5) socket.resume();
    return socket.on("error", () => undefined);
  } catch {
    return undefined;
  }
}

/** Waits for room, for the end of the connection, or for a moment: an end that does not read might block forever. */
async function send(socket: Socket, text: string | Uint8Array): Promise<void> {
  if (socket.destroyed || socket.write(text)) {
    await sleep(1);
    return;
  }
  const done = new AbortController();
  const { signal } = done;
  const events = [
    once(socket, "drain", { signal }),
    once(socket, "close", { signal }),
    sleep(200, undefined, { signal }),
  ];
  await Promise.race(events.map((event) => event.catch(() => undefined)));
  done.abort();
}
