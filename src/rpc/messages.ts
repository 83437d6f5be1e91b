/** What a line may contain (JSON-RPC 2.0, sections 4 to 6), checked before json-rpc-2.0, which trusts its input. */
import {
  createJSONRPCErrorResponse,
  type JSONRPCErrorResponse,
  type JSONRPCID,
  type JSONRPCRequest,
  type JSONRPCResponse,
} from "json-rpc-2.0";
import * as v from "valibot";
import { internalErrorCode, RefusedError, RemoteError } from "./errors.js";

/** A batch (section 6) of more messages is rejected: each might need a reply far longer than itself. */
export const batchMessagesMax = 1000;

const idCharactersMax = 200;
const errorCharactersMax = 1000;

/** Parses a line. Returns undefined, which JSON cannot express, if it is not JSON. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Section 4. The schema of the method checks the contents of `params`. */
export function isRequest(message: unknown): message is JSONRPCRequest {
  return (
    isObject(message) &&
    message["jsonrpc"] === "2.0" &&
    typeof message["method"] === "string" &&
    (message["id"] === undefined || isId(message["id"]))
  );
}

/**
 * Section 5, read liberally: anything with a result or an error and no method. Replying to one, even to call it
 * malformed, would provoke another reply, and so on forever.
 */
export function isResponse(message: unknown): message is JSONRPCResponse {
  return isObject(message) && message["method"] === undefined && ("result" in message || "error" in message);
}

/** The id to reply to; null if the message has no usable id (section 5). */
export function idOf(message: unknown): JSONRPCID {
  return isObject(message) && isId(message["id"]) ? message["id"] : null;
}

/** The reply to a call whose handler threw `error`. It omits the stack, which does not belong on the wire. */
export function errorAnswer(id: JSONRPCID, error: unknown): JSONRPCErrorResponse {
  if (error instanceof RefusedError) {
    return createJSONRPCErrorResponse(id, error.code, bounded(error.message), error.data);
  }
  const message: unknown = error instanceof Error ? error.message : error;
  const text = typeof message === "string" ? bounded(message) : "internal error";
  return createJSONRPCErrorResponse(id, internalErrorCode, text);
}

/** Converts the error of a response for the caller. The other side may have sent anything as its error. */
export function remoteError(error: unknown): RemoteError {
  const { code, message, data } = isObject(error) ? error : {};
  return new RemoteError(
    typeof code === "number" ? code : internalErrorCode,
    typeof message === "string" ? bounded(message) : "the other side sent an error without a message",
    data,
  );
}

/** Formats an issue as one line, such as `ref.task: Invalid type: Expected number but received "7"`. */
export function issueText(issue: v.BaseIssue<unknown>): string {
  const field = v.getDotPath(issue);
  return bounded((field === null ? issue.message : `${field}: ${issue.message}`).replaceAll(/\s+/gu, " "));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isId(id: unknown): id is JSONRPCID {
  // JSON numbers such as 1e999 parse to Infinity, which cannot be sent back.
  return Number.isFinite(id) || id === null || (typeof id === "string" && id.length <= idCharactersMax);
}

function bounded(message: string): string {
  return message.length <= errorCharactersMax ? message : `${message.slice(0, errorCharactersMax)}…`;
}
