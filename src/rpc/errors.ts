/**
 * Errors of the control plane: the codes that travel in JSON-RPC error objects, and what a caller of this layer catches.
 *
 * -32700 … -32600 are the codes of JSON-RPC 2.0, section 5.1 (the library gives -32601, no such method, by itself);
 * -32099 … -32000 are left to the application.
 */
import { JSONRPCErrorCode } from "json-rpc-2.0";

/** The line is not JSON. */
export const parseErrorCode = JSONRPCErrorCode.ParseError;
/** JSON, but no JSON-RPC request; or longer than this end takes. */
export const invalidRequestCode = JSONRPCErrorCode.InvalidRequest;
/** The params do not fit the schema of the method. */
export const invalidParamsCode: number = JSONRPCErrorCode.InvalidParams;
/** The handler threw, or its result cannot be sent. */
export const internalErrorCode = JSONRPCErrorCode.InternalError;
/** The job does not take this worker: its app, args or protocol differ. Asking again cannot help. */
export const refusedCode = -32001;
/** No worker of that id is registered (the coordinator may have been restarted): register again. */
export const unknownWorkerCode = -32002;
/** The other end has sent too much, or nothing of use for too long: it is cut off. */
export const cutOffCode = -32003;

/** What JSON-RPC 2.0 says of an error in section 5.1. */
class CodedError extends Error {
  readonly code: number;
  /** Any JSON value; undefined when there is none. */
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Thrown by a handler to answer a call with a JSON-RPC error of this code, message and data. */
export class RefusedError extends CodedError {
  override readonly name = "RefusedError";
}

/** The other side answered a call with a JSON-RPC error. */
export class RemoteError extends CodedError {
  override readonly name = "RemoteError";
}

/** The other side answered a call with a result that does not fit the schema of the method. */
export class InvalidResultError extends Error {
  override readonly name = "InvalidResultError";
}

/** A message was not sent, since the other side would have refused it for its length and closed the connection. */
export class MessageTooLongError extends Error {
  override readonly name = "MessageTooLongError";

  constructor(bytesMax: number) {
    super(`message is longer than ${bytesMax} bytes`);
  }
}

/** Something is wrong with a connection or an address; the message alone tells a person what. */
export class TransportError extends Error {
  override readonly name: string = "TransportError";
}

/** The connection was or became closed before the reply came: whether the call was carried out is not known. */
export class ConnectionClosedError extends TransportError {
  override readonly name = "ConnectionClosedError";
}

/** Somebody listens at the address already. */
export class AddressInUseError extends TransportError {
  override readonly name = "AddressInUseError";
}

/** Nobody can listen at the address as it is: too long, no directory, no permission, not a socket. */
export class AddressUnusableError extends TransportError {
  override readonly name = "AddressUnusableError";
}

/** The socket at the address is not ours: whoever made it could pass as the coordinator. Trying again cannot help. */
export class ForeignSocketError extends TransportError {
  override readonly name = "ForeignSocketError";
  /** As the system says of a socket that may not be used. */
  readonly code = "EACCES";

  constructor(path: string, ownerUid: number) {
    super(`the socket ${path} belongs to another user (uid ${ownerUid}); choose another path`);
  }
}
