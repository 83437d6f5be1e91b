/** Keys with a special meaning in JavaScript, in any object of a message. */
import { describe, expect, test } from "vitest";
import { Peer, type Handlers } from "../../src/rpc/peer.js";
import { noMeasures } from "../../src/model/measures.js";
import { methods, type Method } from "../../src/rpc/protocol.js";
import { duplexPair } from "./memory-transport.js";
import { Wire } from "./wire.js";

const app = { name: "wc", hash: "00", input: "file" };
const ref = { kind: "map", task: 0, attempt: 1 };
const done = { type: "done", outputs: [], skipped: [], sideFiles: [], ...noMeasures() };
const validParams: Record<Method, object> = {
  Register: { protocol: 1, pid: 1, host: "h", app },
  RequestTask: { worker: "w" },
  ListBoundaries: { worker: "w", from: 0 },
  ListInputs: { worker: "w", ref, from: 0 },
  RequestStarts: { worker: "w", wanted: 1 },
  MayCommit: { worker: "w", ref },
  NotifyTaskCompletion: { worker: "w", ref, outcome: done, leaving: false },
  Heartbeat: { worker: "w", attempts: [{ ref, records: 1, bytes: 1 }], memoryBytes: 1 },
  Status: {},
  Ping: {},
  CancelTask: { ref },
  Shutdown: { outcome: "done" },
};
const hostile = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
const names = Object.keys(methods) as Method[];

/** The texts obtained by inserting this member first into each object of a text in turn. */
function withMember(text: string, member: string): string[] {
  const places = Array.from(text.matchAll(/\{/gu), ({ index }) => index + 1);
  return places.map((at) => `${text.slice(0, at)}${member}${text[at] === "}" ? "" : ","}${text.slice(at)}`);
}

/** The replies to these lines, and the params that handlers received. */
async function serve(lines: string[]): Promise<{ answers: unknown[]; given: unknown[] }> {
  const given: unknown[] = [];
  const note = (params: unknown) => {
    given.push(params);
    return {} as never;
  };
  const handlers: Handlers = Object.fromEntries(names.map((name) => [name, note]));
  const [near, far] = duplexPair();
  const peer = new Peer(far, handlers);
  const wire = new Wire(near);
  const answers: unknown[] = [];
  for (const line of lines) {
    wire.send(`${line}\n`);
    answers.push(await wire.next());
  }
  peer.destroy();
  return { answers, given };
}

describe.each(hostile)("a message with the key %s", (key) => {
  const values = ["1", "null", '"x"', "{}", '{"polluted":true}', '{"worker":"w","ref":{}}'];

  test.each(names)("is refused by %s wherever it is in the params, and changes nothing", async (method) => {
    const builtIn = Reflect.ownKeys(Object.prototype);
    const params = JSON.stringify(validParams[method]);
    const lines = values
      .flatMap((value) => withMember(params, `"${key}":${value}`))
      .map((hostileParams) => `{"jsonrpc":"2.0","id":7,"method":"${method}","params":${hostileParams}}`);
    const { answers, given } = await serve(lines);
    expect(given).toEqual([]);
    for (const answer of answers) expect(answer).toMatchObject({ id: 7, error: { code: -32602 } });
    expect(Reflect.ownKeys(Object.prototype)).toEqual(builtIn);
    expect("polluted" in {}).toBe(false);
  });

  test("cannot add params, method or id to a message without them", async () => {
    const inner = JSON.stringify({ jsonrpc: "2.0", id: 7, method: "Ping", params: {}, result: {} });
    const { answers, given } = await serve([`{"${key}":${inner}}`, `{"jsonrpc":"2.0","id":8,"${key}":${inner}}`]);
    expect(given).toEqual([]);
    expect(answers).toMatchObject([
      { id: null, error: { code: -32600 } },
      { id: 8, error: { code: -32600 } },
    ]);
  });
});

test("args reach the coordinator as an object of text without the keys that could change its prototype", async () => {
  const args = '{"__proto__":"1","constructor":"2","prototype":"3","toString":"4","a":"5"}';
  const params = JSON.stringify(validParams.Register).replace("{", `{"args":${args},`);
  const { given } = await serve([`{"jsonrpc":"2.0","id":7,"method":"Register","params":${params}}`]);
  const [{ args: taken }] = given as [{ args: object }];
  expect(Object.entries(taken)).toEqual([
    ["toString", "4"],
    ["a", "5"],
  ]);
  expect(Object.getPrototypeOf(taken)).toBe(Object.prototype);
});

test("args may contain only text, whatever the key", async () => {
  const lines = ['{"a":{}}', '{"toString":1}', '{"__proto__":{"polluted":"x"},"a":1}'].map((args) => {
    const params = JSON.stringify(validParams.Register).replace("{", `{"args":${args},`);
    return `{"jsonrpc":"2.0","id":7,"method":"Register","params":${params}}`;
  });
  const { answers, given } = await serve(lines);
  expect(given).toEqual([]);
  for (const answer of answers) expect(answer).toMatchObject({ id: 7, error: { code: -32602 } });
});
