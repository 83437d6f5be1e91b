/**
 * What a peer must answer to a stream of bytes, derived from the JSON-RPC specification, not from `src/rpc/peer.ts`.
 */
import * as v from "valibot";
import { methods, type Method } from "../../src/rpc/protocol.js";

/** The methods that the coordinator serves, and how each ends here: with a result, or an error with this code. */
export const outcomes: Partial<Record<Method, number | "ok">> = {
  Register: "ok",
  RequestTask: "ok",
  MayCommit: -32001,
  NotifyTaskCompletion: "ok",
  Heartbeat: -32603,
  Status: "ok",
};

const batchMessagesMax = 1000;
const idCharactersMax = 200;

/**
 * The expected replies, unordered, each as `id code` or `id ok`, and those to a batch joined in brackets; and whether
 * the connection is cut off after them.
 */
export function expectedAnswers(bytes: Buffer, lineBytesMax: number): { answers: string[]; isCutOff: boolean } {
  const answers: string[] = [];
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    if ((end === -1 ? bytes.length : end) - start > lineBytesMax) {
      answers.push("null -32600");
      return { answers, isCutOff: true };
    }
    if (end === -1) return { answers, isCutOff: false };
    const answer = expectedOfLine(bytes.toString("utf8", start, end).replace(/\r$/u, ""));
    if (answer !== undefined) answers.push(answer);
    start = end + 1;
  }
}

/** The same form of an actual reply. */
export function shownAnswer(answer: unknown): string {
  if (Array.isArray(answer)) return `[${answer.map(shownAnswer).join(", ")}]`;
  const { jsonrpc, id, error, ...rest } = answer as { jsonrpc: string; id: unknown; error?: { code: number } };
  if (jsonrpc !== "2.0" || "result" in rest === (error !== undefined)) throw new Error("this is no answer");
  return `${JSON.stringify(id)} ${error === undefined ? "ok" : error.code}`;
}

function expectedOfLine(line: string): string | undefined {
  if (line === "") return undefined;
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return "null -32700";
  }
  if (!Array.isArray(message)) return expectedOf(message);
  if (message.length === 0 || message.length > batchMessagesMax) return "null -32600";
  const answers = message.map(expectedOf).filter((answer) => answer !== undefined);
  return answers.length === 0 ? undefined : `[${answers.join(", ")}]`;
}

function expectedOf(message: unknown): string | undefined {
  if (typeof message !== "object" || message === null || Array.isArray(message)) return "null -32600";
  // A map contains only its own members, whatever their names.
  const given = new Map<string, unknown>(Object.entries(message));
  const method = given.get("method");
  const id = given.get("id");
  const hasResult = given.has("result") || given.has("error");
  if (method === undefined && hasResult) return undefined;
  const isId = id === null || Number.isFinite(id) || (typeof id === "string" && id.length <= idCharactersMax);
  const shownId = isId ? JSON.stringify(id) : "null";
  const isRequest = given.get("jsonrpc") === "2.0" && typeof method === "string" && (isId || id === undefined);
  if (!isRequest || hasResult) return `${shownId} -32600`;
  return id === undefined ? undefined : `${shownId} ${expectedOfCall(method, given.get("params") ?? {})}`;
}

function expectedOfCall(method: string, params: unknown): number | "ok" {
  const outcome = Object.hasOwn(outcomes, method) ? outcomes[method as Method] : undefined;
  if (outcome === undefined) return -32601;
  return v.is(methods[method as Method].params, params) ? outcome : -32602;
}
