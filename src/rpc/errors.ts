/**
 * Errors of the control plane: the codes in JSON-RPC error objects, and the errors that a caller of this layer catches.
 *
 * JSON-RPC 2.0, section 5.1, defines the codes -32700 … -32600 (the library itself sends -32601, no such method) and
 * leaves -32099 … -32000 to the application.
 */
import { JSONRPCErrorCode } from "json-rpc-2.0";
import { TransportError } from "../machine/socket-errors.js";

/** The line is not JSON. */
export const parseErrorCode = JSONRPCErrorCode.ParseError;
/** JSON, but not a JSON-RPC request; or longer than this end accepts. */
export const invalidRequestCode = JSONRPCErrorCode.InvalidRequest;
/** The params do not match the schema of the method. */
export const invalidParamsCode: number = JSONRPCErrorCode.InvalidParams;
/** The handler threw, or its result cannot be sent. */
export const internalErrorCode = JSONRPCErrorCode.InternalError;
/** The job rejects this worker: its app, args or protocol differ. A retry cannot help. */
export const refusedCode = -32001;
/** No worker with that id is registered, perhaps because the coordinator was restarted: register again. */
export const unknownWorkerCode = -32002;
/** The other end sent too much, or nothing useful for too long, and is being disconnected. */
export const cutOffCode = -32003;

/** The error object of JSON-RPC 2.0, section 5.1. */
class CodedError extends Error {
  readonly code: number;
  /** Any JSON value, or undefined. */
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** A handler throws this to answer a call with a JSON-RPC error of this code, message and data. */
export class RefusedError extends CodedError {
  override readonly name = "RefusedError";
}

/** The other side answered a call with a JSON-RPC error. */
export class RemoteError extends CodedError {
  override readonly name = "RemoteError";
}

/** The other side answered a call with a result that does not match the schema of the method. */
export class InvalidResultError extends Error {
  override readonly name = "InvalidResultError";
}

/** A message was not sent: the other side would have rejected it as too long and closed the connection. */
export class MessageTooLongError extends Error {
  override readonly name = "MessageTooLongError";

  constructor(bytesMax: number) {
    super(`message is longer than ${bytesMax} bytes`);
  }
}

/** The connection was closed before the reply arrived. The call may or may not have been carried out. */
export class ConnectionClosedError extends TransportError {
  override readonly name = "ConnectionClosedError";
}

/** Another user owns the socket at the address and could impersonate the coordinator. A retry cannot help. */
export class ForeignSocketError extends TransportError {
  override readonly name = "ForeignSocketError";
  /** The system's code for a socket that may not be used. */
  readonly code = "EACCES";

  constructor(path: string, ownerUid: number) {
    super(`the socket ${path} belongs to another user (uid ${ownerUid}); choose another path`);
  }
}
