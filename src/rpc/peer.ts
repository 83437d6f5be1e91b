/**
 * One end of a connection. Each end may call the other; calls do not wait for one another, so that a reply may take as
 * long as it needs (a long poll).
 *
 *     bytes ─ LineReader ─ line ─ parse ─┬─ response ─ JSONRPCClient ─ result checked ─ promise of `call`
 *                                        ├─ request ── JSONRPCServer ─ params checked ─ handler ─ response ─ bytes
 *                                        └─ neither ── error response ─ bytes
 *
 * The other end is not trusted: whatever arrives is answered, ignored, or ends the connection; it never throws here.
 */
import {
  createJSONRPCErrorResponse,
  createJSONRPCSuccessResponse,
  JSONRPCClient,
  JSONRPCServer,
  JSONRPCServerAndClient,
  type JSONRPCRequest,
  type JSONRPCResponse,
} from "json-rpc-2.0";
import type { Duplex } from "node:stream";
import * as v from "valibot";
import * as errors from "./errors.js";
import { LineReader } from "./frames.js";
import {
  batchMessagesMax,
  errorAnswer,
  idOf,
  issueText,
  isRequest,
  isResponse,
  parseLine,
  remoteError,
} from "./messages.js";
import * as protocol from "./protocol.js";
import type { Method, ParamsOf, ResultOf } from "./protocol.js";

/** The methods that an end answers. What a handler throws becomes the error of the call; see `RefusedError`. */
export type Handlers = {
  [M in Method]?: (params: ParamsOf<M>, peer: Peer) => ResultOf<M> | Promise<ResultOf<M>>;
};

export interface PeerOptions {
  /** Longest line taken or sent, its end not counted. */
  readonly messageBytesMax?: number;
  /** How long `close` waits for the other end before it destroys the connection. */
  readonly closeTimeoutMs?: number;
}

/** A call under way. `failure` is why it cannot be answered, and wins over any response. */
interface Call {
  readonly method: Method;
  failure?: Error;
}

/** What has not been read by the other end may be this many messages of the greatest length. */
const unreadMessagesMax = 4;

export class Peer {
  /** Resolved once the connection is gone, for whatever reason. Never rejected. */
  readonly closed: Promise<void>;
  readonly #stream: Duplex;
  readonly #rpc: JSONRPCServerAndClient<undefined, Call>;
  readonly #messageBytesMax: number;
  readonly #closeTimeoutMs: number;
  readonly #calls = new Set<Call>();
  #lastId = 0;
  #closing = false;
  /** Why the connection broke, as far as it is known. */
  #reason: Error | undefined;

  /** Takes the stream over: nobody else may read, write or end it. */
  constructor(stream: Duplex, handlers: Handlers, options: PeerOptions = {}) {
    this.#stream = stream;
    this.#messageBytesMax = options.messageBytesMax ?? protocol.messageBytesMax;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 1000;
    // json-rpc-2.0 would print to the console what is in the answer already.
    const errorListener = () => undefined;
    const server = new JSONRPCServer<undefined>({ errorListener });
    server.mapErrorToJSONRPCErrorResponse = errorAnswer;
    const client = new JSONRPCClient<Call>((message, call) => this.#send(message, call));
    this.#rpc = new JSONRPCServerAndClient(server, client, { errorListener });
    for (const method of Object.keys(protocol.methods) as Method[]) this.#serve(method, handlers);
    this.closed = this.#listen();
  }

  /**
   * Calls a method of the other end. Rejects with `RemoteError` when it answers with an error, `InvalidResultError` when
   * its result does not fit the schema, `ConnectionClosedError` when the connection ends before the reply, and
   * `MessageTooLongError` when the call is too long to send. There is no timeout.
   */
  async call<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    const call: Call = { method };
    if (this.#closing || !this.#stream.writable) throw this.#closedError(call);
    this.#calls.add(call);
    this.#lastId += 1;
    const request: JSONRPCRequest = { jsonrpc: "2.0", id: this.#lastId, method, params };
    const response = await this.#rpc.requestAdvanced(request, call);
    this.#calls.delete(call);
    if (call.failure !== undefined) throw call.failure;
    if (response.error !== undefined) throw remoteError(response.error);
    const result = v.safeParse(protocol.methods[method].result, response.result, { abortEarly: true });
    if (result.success) return result.output;
    throw new errors.InvalidResultError(`the result of ${method} is not valid: ${issueText(result.issues[0])}`);
  }

  /**
   * Closes the connection in good order: replies of handlers that have finished are sent, handlers that still run are
   * not waited for, requests that arrive now are not carried out. Resolves when it is closed; another end that does not
   * read or does not end its half is waited for a bounded time.
   */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      // Not at once: a reply that a handler has just resolved is written some microtasks later.
      setImmediate(() => this.#stream.end());
      const timer = setTimeout(() => this.destroy(), this.#closeTimeoutMs);
      void this.closed.then(() => clearTimeout(timer));
    }
    return this.closed;
  }

  /** Ends the connection at once; what is queued is lost. */
  destroy(): void {
    this.#closing = true;
    this.#stream.destroy();
  }

  #serve(method: Method, handlers: Handlers): void {
    // Its params are checked below with the schema that its type is made of.
    const handler = handlers[method]?.bind(handlers) as ((params: unknown, peer: Peer) => unknown) | undefined;
    if (handler === undefined) return;
    this.#rpc.addMethodAdvanced(method, async (request) => {
      // Params may be left out (section 4.2). The first issue only: a long array of wrong elements would make an object for each.
      const params = v.safeParse(protocol.methods[method].params, request.params ?? {}, { abortEarly: true });
      if (!params.success) throw new errors.RefusedError(errors.invalidParamsCode, issueText(params.issues[0]));
      const result = await handler(params.output, this);
      return request.id === undefined ? null : createJSONRPCSuccessResponse(request.id, result);
    });
  }

  /** Attaches to the stream; the promise is that of its end. */
  #listen(): Promise<void> {
    const reader = new LineReader(
      this.#messageBytesMax,
      (line) => void this.#receive(line),
      () => {
        const { message } = new errors.MessageTooLongError(this.#messageBytesMax);
        this.#reply(createJSONRPCErrorResponse(null, errors.invalidRequestCode, message));
        void this.close();
      },
    );
    this.#stream.on("data", (chunk: Buffer) => reader.read(chunk));
    // The stream closes after an error, and that is what counts.
    this.#stream.on("error", (error) => (this.#reason ??= error));
    this.#stream.once("end", () => {
      this.#failCalls();
      void this.close();
    });
    return new Promise((resolve) => {
      const onClose = () => {
        this.#closing = true;
        this.#failCalls();
        resolve();
      };
      if (this.#stream.closed) onClose();
      else this.#stream.once("close", onClose);
    });
  }

  /** Never rejects: a handler's error is in its response, and `#reply` does not throw. */
  async #receive(line: string): Promise<void> {
    const message = parseLine(line);
    if (!Array.isArray(message)) {
      const response = await this.#answer(message);
      if (response !== null) this.#reply(response);
    } else if (message.length === 0 || message.length > batchMessagesMax) {
      const text = message.length === 0 ? "batch is empty" : `batch has more than ${batchMessagesMax} messages`;
      this.#reply(createJSONRPCErrorResponse(null, errors.invalidRequestCode, text));
    } else {
      const responses = await Promise.all(message.map((one) => this.#answer(one)));
      const toSend = responses.filter((response) => response !== null);
      if (toSend.length > 0) this.#reply(toSend);
    }
  }

  #send(message: unknown, call: Call): void {
    try {
      this.#write(message);
    } catch (error) {
      call.failure = error instanceof Error ? error : new Error("the call cannot be sent", { cause: error });
      throw error;
    }
  }

  /** The response to one message; null when it takes none. */
  async #answer(message: unknown): Promise<JSONRPCResponse | null> {
    if (message === undefined) return createJSONRPCErrorResponse(null, errors.parseErrorCode, "Parse error");
    if (isResponse(message)) {
      // An error that answers no call tells why the other end is about to close.
      if (idOf(message) === null && message.error !== undefined) this.#reason = remoteError(message.error);
      this.#rpc.client.receive(message);
      return null;
    }
    // Whoever asks now would not get the answer, so it must not be carried out either.
    if (this.#closing) return null;
    if (isRequest(message)) return this.#rpc.server.receive(message, undefined);
    return createJSONRPCErrorResponse(idOf(message), errors.invalidRequestCode, "Invalid Request");
  }

  #reply(response: JSONRPCResponse | JSONRPCResponse[]): void {
    try {
      this.#write(response);
    } catch (error) {
      // Too long, or not JSON (a cycle, a bigint): the caller must not wait for ever.
      const reason = error instanceof Error ? error.message : "unknown error";
      const answer = errorAnswer(idOf(response), `the reply cannot be sent: ${reason}`);
      if (Buffer.byteLength(JSON.stringify(answer)) <= this.#messageBytesMax) this.#write(answer);
      else this.destroy();
    }
  }

  /** Throws when the message cannot be sent on any connection; says nothing when this one can take no more. */
  #write(message: unknown): void {
    const line = Buffer.from(`${JSON.stringify(message)}\n`);
    if (line.length - 1 > this.#messageBytesMax) throw new errors.MessageTooLongError(this.#messageBytesMax);
    if (!this.#stream.writable) return;
    this.#stream.write(line);
    if (this.#stream.writableLength > unreadMessagesMax * this.#messageBytesMax) {
      this.#reason = new errors.ConnectionClosedError("the other side does not read what it is sent");
      this.destroy();
    }
  }

  #failCalls(): void {
    for (const call of this.#calls) call.failure ??= this.#closedError(call);
    this.#rpc.rejectAllPendingRequests("closed");
  }

  #closedError(call: Call): errors.ConnectionClosedError {
    const why = this.#reason === undefined ? "" : `: ${this.#reason.message}`;
    const options = this.#reason === undefined ? {} : { cause: this.#reason };
    return new errors.ConnectionClosedError(
      `the connection was closed before the reply to ${call.method} came${why}`,
      options,
    );
  }
}
