import { RefusedError } from "../../src/rpc/errors.js";
import { Peer, type Handlers } from "../../src/rpc/peer.js";
import { methods } from "../../src/rpc/protocol.js";
import { duplexPair } from "../rpc/memory-transport.js";
import { expectedAnswers, outcomes, shownAnswer } from "./expected-answers.js";

const handlers = Object.fromEntries(
  Object.entries(outcomes).map(([method, outcome]) => [method, handlerOf(method, outcome)]),
) as Handlers;

/**
 * Sends these bytes, in these pieces, to a peer that serves like the coordinator. Throws when a reply is missing, wrong
 * or redundant, when anything but replies results, or when the built-in objects have changed afterwards.
 */
export async function checkServed(chunks: readonly Buffer[], lineBytesMax: number): Promise<void> {
  const expected = expectedAnswers(Buffer.concat(chunks), lineBytesMax);
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  process.on("uncaughtException", note);
  try {
    const answers = await answersTo(chunks, lineBytesMax, expected.answers.length);
    requireEqual("answers", answers.toSorted(), expected.answers.toSorted());
    requireEqual("errors that nobody handled", unhandled.map(String), []);
    requireEqual("built-in objects", builtIns(), builtInsBefore);
  } finally {
    process.off("unhandledRejection", note);
    process.off("uncaughtException", note);
  }
}

/** Waits for this many replies, ends the connection gracefully, and returns all replies. */
async function answersTo(chunks: readonly Buffer[], lineBytesMax: number, count: number): Promise<string[]> {
  const [near, far] = duplexPair();
  const limits = { lineBytesMax, callsMax: Infinity };
  const peer = new Peer(far, handlers, { limits });
  // Calls in flight, too, with ids that a stranger would guess.
  const calls = [peer.call("Ping", {}), peer.call("Shutdown", { outcome: "done" })];
  const settled = Promise.allSettled(calls);
  const answers: string[] = [];
  let rest = "";
  let onChange = () => undefined as void;
  near.setEncoding("utf8");
  near.on("error", () => undefined);
  near.on("end", () => onChange());
  near.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (!line.includes('"method":')) answers.push(shownAnswer(JSON.parse(line)));
    onChange();
  });
  for (const chunk of chunks) near.write(chunk);
  while (answers.length < count && !near.readableEnded) await new Promise<void>((resolve) => (onChange = resolve));
  near.end();
  await Promise.all([peer.closed, settled]);
  return answers;
}

function handlerOf(method: string, outcome: number | "ok"): (params: object) => Promise<object> {
  return async (params) => {
    if (Object.getPrototypeOf(params) !== Object.prototype) throw new Error("these params are no plain object");
    // A long poll: its reply comes after others.
    if (method === "RequestTask") await new Promise((resolve) => setImmediate(resolve));
    if (outcome === "ok") return {};
    throw outcome === -32603 ? new TypeError("no") : new RefusedError(outcome, "no");
  };
}

function builtIns(): string[] {
  return [Object.prototype, Array.prototype, Function.prototype, Object, methods].flatMap((object) =>
    Reflect.ownKeys(object).map(String),
  );
}

const builtInsBefore = builtIns();

function requireEqual(what: string, seen: readonly string[], expected: readonly string[]): void {
  if (seen.length === expected.length && seen.every((one, at) => one === expected[at])) return;
  throw new Error(`${what}: expected\n  ${expected.join("\n  ")}\nbut there are\n  ${seen.join("\n  ")}`);
}
