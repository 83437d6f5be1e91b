/**
 * Messages of workers to a whole coordinator, in any order, whose claims are mostly possible but untrue. The
 * coordinator must answer each with a result or an error of the protocol, and keep answering; a job whose outputs were
 * only claimed must never be done, and must leave nothing.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import fc from "fast-check";
import * as v from "valibot";
import { Coordinator } from "../../src/coordinator/coordinator.js";
import { findInputs, type InputFile } from "../../src/input/files.js";
import { internalErrorCode } from "../../src/rpc/errors.js";
import { methods, protocolVersion, type Method } from "../../src/rpc/protocol.js";
import { jobOptions } from "../coordinator/job-options.js";
import { duplexPair } from "../rpc/memory-transport.js";
import { damagedJson } from "./damaged-json.js";
import { ofSchema } from "./of-schema.js";
import { targetOf, type Target } from "./target.js";

const internalErrorNumber: number = internalErrorCode;
const clients = 3;
const [maps, reducers] = [3, 2];
/** Stands for the id that a client was given. */
const idOf = (client: number) => `id of client ${client}`;

/** Names an attempt that may exist, of a task that usually exists. */
const ref = fc.record(
  { kind: fc.constantFrom("sample", "map", "reduce"), task: fc.nat(maps), attempt: fc.integer({ min: 1, max: 3 }) },
  { noNullPrototype: true },
);
const app = { name: "app.js", hash: "0", input: "lines" };
const called: readonly Method[] = [
  "Register",
  "RequestTask",
  "RequestTask",
  "ListBoundaries",
  "ListInputs",
  "MayCommit",
  "NotifyTaskCompletion",
  "NotifyTaskCompletion",
  "Heartbeat",
  "Status",
];

interface Step {
  readonly client: number;
  /** A request's method and params; its id is assigned when it is sent. */
  readonly text: string;
  readonly method: Method;
  /** Whether the connection is ended after it. */
  readonly leaves: boolean;
}

const step: fc.Arbitrary<Step> = fc.nat(clients - 1).chain((client) =>
  fc.constantFrom(...called).chain((method) => {
    const worker = fc.oneof(
      { weight: 9, arbitrary: fc.constant(idOf(client)) },
      { weight: 1, arbitrary: fc.nat(clients - 1).map(idOf) },
    );
    const params = fc.tuple(ofSchema(methods[method].params), worker, ref).map(([made, id, one]) => {
      const given = { ...(made as object) };
      if ("worker" in given) given.worker = id;
      if ("ref" in given) given.ref = one;
      return "app" in given ? { ...given, app, protocol: protocolVersion } : given;
    });
    const text = fc.oneof(
      { weight: 4, arbitrary: params.map((made) => JSON.stringify(made)) },
      { weight: 1, arbitrary: damagedJson(params) },
    );
    const leaves = fc.nat(30).map((n) => n === 0);
    return fc.record({ client: fc.constant(client), method: fc.constant(method), text, leaves });
  }),
);

const story = fc.array(step, { minLength: 10, maxLength: 60, size: "max" });

export const coordinator: Target = targetOf(
  story,
  async (steps) => {
    const place = makePlace();
    try {
      await play(steps, place);
    } finally {
      rmSync(place.root, { recursive: true });
    }
    return steps.length;
  },
  (steps) => steps.map(({ client, method, text }) => `${client} ${method} ${text}`).join("\n"),
);

interface Place {
  readonly root: string;
  readonly inputs: readonly InputFile[];
  readonly output: string;
}

function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), "mr-fuzz-"));
  const names = Array.from({ length: maps }, (_, index) => join(root, `input-${index}`));
  for (const name of names) writeFileSync(name, "a\n");
  const output = join(root, "output");
  mkdirSync(output);
  return { root, inputs: findInputs(names), output };
}

async function play(steps: readonly Step[], { inputs, output }: Place): Promise<void> {
  const partitioner = steps.length % 2 === 0 ? "hash" : "range";
  const options = { ...jobOptions(output, undefined), inputs, reducers, partitioner, badRecordsMax: 1 } as const;
  const job = await Coordinator.start(options);
  const ended = job.run();
  const connect = () => {
    const [near, far] = duplexPair();
    job.accept(far);
    return new Client(near);
  };
  const connected = Array.from({ length: clients }, connect);
  const ids = new Map<string, string>();
  for (const { client, method, text, leaves } of steps) {
    const from = connected[client];
    if (from === undefined) throw new Error(`there is no client ${client}`);
    from.send(
      method,
      text.replaceAll(/id of client \d/gu, (name) => ids.get(name) ?? name),
    );
    await turn();
    if (from.worker !== undefined) ids.set(idOf(client), from.worker);
    if (leaves || from.isClosed) {
      from.close();
      connected[client] = connect();
      ids.delete(idOf(client));
    }
  }
  const last = connect();
  last.send("Status", "{}");
  await turn();
  job.abort("enough");
  job.hurry();
  const { snapshot } = await ended;
  for (const client of [...connected, last]) client.close();
  if (snapshot.phase === "done") throw new Error("the job is done, and nobody has made an output");
  if (last.answers !== 1) throw new Error("the coordinator does not answer any more");
  // A job that failed before it was aborted reports the failure.
  const left = readdirSync(output).filter((name) => name !== "mr-report.json");
  if (left.length > 0) throw new Error(`the job has left ${left.join(", ")}`);
}

/** Waits until all messages are answered. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** Sends messages, and checks each reply. */
class Client {
  worker: string | undefined;
  answers = 0;
  isClosed = false;
  readonly #stream: Duplex;
  readonly #methods: Method[] = [];
  #rest = "";

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.setEncoding("utf8");
    stream.on("error", () => undefined);
    stream.on("end", () => (this.isClosed = true));
    stream.on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line) as Answer);
    });
  }

  send(method: Method, params: string): void {
    const id = this.#methods.push(method);
    if (this.isClosed) return;
    this.#stream.write(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}\n`);
  }

  close(): void {
    this.#stream.end();
  }

  #take({ id, result, error }: Answer): void {
    // A request of the coordinator, or its reply to something that was not a request.
    if (typeof id !== "number" || (result === undefined && error === undefined)) return;
    const method = this.#methods[id - 1];
    if (method === undefined) throw new Error(`an answer with the id ${id} to no question`);
    this.answers += 1;
    if (error !== undefined) {
      const isSaid = error.code !== internalErrorNumber && error.message.length > 0;
      if (!isSaid) throw new Error(`${method} ended in ${JSON.stringify(error)}`);
      return;
    }
    const { worker } = v.parse(methods[method].result, result) as { worker?: unknown };
    if (method === "Register" && typeof worker === "string") this.worker = worker;
  }
}

interface Answer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}
