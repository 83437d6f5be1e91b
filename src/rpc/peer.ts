/**
 * One end of a connection. Either end may call the other. Calls do not wait for one another, so a reply may take as
 * long as it needs (a long poll).
 *
 *     bytes ─ Inbox ─ line ─ parse ─┬─ response ─ JSONRPCClient ─ result checked ─ promise of `call`
 *                                   ├─ request ── JSONRPCServer ─ params checked ─ handler ─ response ─ bytes
 *                                   └─ neither ── error response ─ bytes
 *
 * The other end is not trusted: any input is answered, ignored, or ends the connection, but never makes this end throw.
 * `limits.ts` bounds the memory and time it may take; an end that exceeds a limit gets an error and is disconnected.
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
import {
  ConnectionClosedError,
  InvalidResultError,
  MessageTooLongError,
  RefusedError,
  cutOffCode,
  invalidParamsCode,
  invalidRequestCode,
  parseErrorCode,
} from "./errors.js";
import { Inbox } from "./inbox.js";
import { memberLimits, unreadBytesMax, type ReceiveLimits } from "./limits.js";
import { batchMessagesMax, errorAnswer, idOf, issueText, isRequest, isResponse, remoteError } from "./messages.js";
import { messageBytesMax, methods, type Method, type ParamsOf, type ResultOf } from "./protocol.js";

/** The methods that an end answers. An error thrown by a handler becomes the error of the call; see `RefusedError`. */
export type Handlers = {
  [M in Method]?: (params: ParamsOf<M>, peer: Peer) => ResultOf<M> | Promise<ResultOf<M>>;
};

export interface PeerOptions {
  /**
   * The maximum length of a line, not counting its end: always for sending, and for receiving unless `limits` override
   * it.
   */
  readonly messageBytesMax?: number;
  /** Overrides of `memberLimits` for what the other end may send. */
  readonly limits?: Partial<ReceiveLimits>;
  /**
   * The other end is untrusted: these limits apply until `trust` is called, and the end is disconnected after
   * `timeoutMs`.
   */
  readonly stranger?: { readonly limits: ReceiveLimits; readonly timeoutMs: number };
  /** Overrides `unreadBytesMax` of `limits.ts`. */
  readonly unreadBytesMax?: number;
  /** How long `close` waits for the other end before it destroys the connection. */
  readonly closeTimeoutMs?: number;
  /** The clock for rates. */
  readonly nowMs?: () => number;
}

/** A call in flight. `failure` says why it cannot be answered, and takes precedence over any response. */
interface Call {
  readonly method: Method;
  failure?: Error;
}

export class Peer {
  /** Resolves once the connection is gone, for whatever reason. Never rejects. */
  readonly closed: Promise<void>;
  readonly #stream: Duplex;
  readonly #rpc: JSONRPCServerAndClient<undefined, Call>;
  readonly #messageBytesMax: number;
  readonly #unreadBytesMax: number;
  readonly #closeTimeoutMs: number;
  readonly #memberLimits: ReceiveLimits;
  readonly #inbox: Inbox;
  #isStranger: boolean;
  #mayStay: boolean;
  readonly #calls = new Set<Call>();
  #lastId = 0;
  #closing = false;
  /** Why the connection broke, if known. */
  #reason: Error | undefined;

  /** Takes ownership of the stream: nothing else may read, write or end it. */
  constructor(stream: Duplex, handlers: Handlers, options: PeerOptions = {}) {
    this.#stream = stream;
    this.#messageBytesMax = options.messageBytesMax ?? messageBytesMax;
    this.#unreadBytesMax = options.unreadBytesMax ?? unreadBytesMax;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? 1000;
    this.#memberLimits = { ...memberLimits, lineBytesMax: this.#messageBytesMax, ...options.limits };
    this.#isStranger = options.stranger !== undefined;
    this.#mayStay = !this.#isStranger;
    const nowMs = options.nowMs ?? (() => performance.now());
    this.#inbox = new Inbox(options.stranger?.limits ?? this.#memberLimits, nowMs, {
      onMessage: (message, count) => void this.#receive(message, count),
      onExcess: (code, text) => this.#cutOff(code, text),
    });
    // json-rpc-2.0 would print an error to the console that the reply already contains.
    const errorListener = () => undefined;
    const server = new JSONRPCServer<undefined>({ errorListener });
    server.mapErrorToJSONRPCErrorResponse = errorAnswer;
    const client = new JSONRPCClient<Call>((message, call) => this.#send(message, call));
    this.#rpc = new JSONRPCServerAndClient(server, client, { errorListener });
    for (const method of Object.keys(methods) as Method[]) this.#serve(method, handlers);
    this.closed = this.#listen();
    if (options.stranger !== undefined) this.#awaitTrust(options.stranger.timeoutMs);
  }

  /**
   * Calls a method of the other end. Rejects with `RemoteError` when it answers with an error, `InvalidResultError`
   * when its result does not match the schema, `ConnectionClosedError` when the connection ends before the reply, and
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
    const result = v.safeParse(methods[method].result, response.result, { abortEarly: true });
    if (result.success) return result.output;
    throw new InvalidResultError(`the result of ${method} is not valid: ${issueText(result.issues[0])}`);
  }

  /** Trusts the other end from now on: it gets the limits of a member and no time limit. */
  trust(): void {
    if (this.#isStranger) this.#inbox.setLimits(this.#memberLimits);
    this.#isStranger = false;
    this.#mayStay = true;
  }

  /** Lifts the time limit; the other limits stay. */
  letStay(): void {
    this.#mayStay = true;
  }

  /**
   * Closes the connection gracefully: sends the replies of finished handlers, does not wait for running handlers, and
   * ignores new requests. Resolves when the connection is closed. Waits only a bounded time for an end that does not
   * read or does not end its half.
   */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      // Deferred: a reply that a handler has just resolved is written a few microtasks later.
      setImmediate(() => this.#stream.end());
      const timer = setTimeout(() => this.destroy(), this.#closeTimeoutMs);
      void this.closed.then(() => clearTimeout(timer));
    }
    return this.closed;
  }

  /** Ends the connection at once. Queued messages are lost. */
  destroy(): void {
    this.#closing = true;
    this.#stream.destroy();
  }

  #serve(method: Method, handlers: Handlers): void {
    // The params are checked below against the schema that their type derives from.
    const handler = handlers[method]?.bind(handlers) as ((params: unknown, peer: Peer) => unknown) | undefined;
    if (handler === undefined) return;
    this.#rpc.addMethodAdvanced(method, async (request) => {
      // Params are optional (section 4.2). Only the first issue is collected: a long array of wrong elements would
      // create an object for each.
      const params = v.safeParse(methods[method].params, request.params ?? {}, { abortEarly: true });
      if (!params.success) throw new RefusedError(invalidParamsCode, issueText(params.issues[0]));
      const result = await handler(params.output, this);
      return request.id === undefined ? null : createJSONRPCSuccessResponse(request.id, result);
    });
  }

  /** Attaches to the stream; the promise resolves when the stream ends. */
  #listen(): Promise<void> {
    this.#stream.on("data", (chunk: Buffer) => this.#inbox.read(chunk));
    // The stream closes after an error; the close event handles the rest.
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

  #awaitTrust(timeoutMs: number): void {
    const text = `no registration within ${timeoutMs} ms`;
    const check = () => {
      if (!this.#mayStay) this.#cutOff(cutOffCode, text);
    };
    // If this process itself was late, pending input is read first.
    const timer = setTimeout(() => setImmediate(check), timeoutMs);
    void this.closed.then(() => clearTimeout(timer));
  }

  /** Sends the reason, and closes. */
  #cutOff(code: number, text: string): void {
    this.#inbox.close();
    this.#reason ??= new Error(text);
    this.#reply(createJSONRPCErrorResponse(null, code, text));
    void this.close();
  }

  /** Never rejects: the response contains a handler's error, and `#reply` does not throw. */
  async #receive(message: unknown, count: number): Promise<void> {
    const response = await (Array.isArray(message) ? this.#answerBatch(message) : this.#answer(message));
    if (response !== null) this.#reply(response);
    this.#inbox.answered(count);
  }

  async #answerBatch(messages: unknown[]): Promise<JSONRPCResponse | JSONRPCResponse[] | null> {
    if (messages.length === 0 || messages.length > batchMessagesMax) {
      const text = messages.length === 0 ? "batch is empty" : `batch has more than ${batchMessagesMax} messages`;
      return createJSONRPCErrorResponse(null, invalidRequestCode, text);
    }
    const responses = await Promise.all(messages.map((message) => this.#answer(message)));
    const toSend = responses.filter((response) => response !== null);
    return toSend.length === 0 ? null : toSend;
  }

  #send(message: unknown, call: Call): void {
    try {
      this.#write(message);
    } catch (error) {
      call.failure = error instanceof Error ? error : new Error("the call cannot be sent", { cause: error });
      throw error;
    }
  }

  /** The response to one message; null if it needs none. */
  async #answer(message: unknown): Promise<JSONRPCResponse | null> {
    if (message === undefined) return createJSONRPCErrorResponse(null, parseErrorCode, "Parse error");
    if (isResponse(message)) {
      // An error that answers no call says why the other end is about to close.
      if (idOf(message) === null && message.error !== undefined) this.#reason = remoteError(message.error);
      this.#rpc.client.receive(message);
      return null;
    }
    // The caller would not get the reply, so the request must not be carried out either.
    if (this.#closing) return null;
    if (isRequest(message)) return this.#rpc.server.receive(message, undefined);
    return createJSONRPCErrorResponse(idOf(message), invalidRequestCode, "Invalid Request");
  }

  #reply(response: JSONRPCResponse | JSONRPCResponse[]): void {
    try {
      this.#write(response);
    } catch (error) {
      // Too long, or not JSON (a cycle, a bigint). The caller must not wait forever.
      const reason = error instanceof Error ? error.message : "unknown error";
      const answer = errorAnswer(idOf(response), `the reply cannot be sent: ${reason}`);
      if (Buffer.byteLength(JSON.stringify(answer)) <= this.#messageBytesMax) this.#write(answer);
      else this.destroy();
    }
  }

  /** Throws if no connection could send the message. If only this one cannot take more, it closes without throwing. */
  #write(message: unknown): void {
    const line = Buffer.from(`${JSON.stringify(message)}\n`);
    if (line.length - 1 > this.#messageBytesMax) throw new MessageTooLongError(this.#messageBytesMax);
    if (!this.#stream.writable) return;
    if (this.#stream.writableLength > this.#unreadBytesMax) {
      this.#reason = new ConnectionClosedError("the other side does not read its messages");
      this.destroy();
      return;
    }
    this.#stream.write(line);
  }

  #failCalls(): void {
    for (const call of this.#calls) call.failure ??= this.#closedError(call);
    this.#rpc.rejectAllPendingRequests("closed");
  }

  #closedError(call: Call): ConnectionClosedError {
    const why = this.#reason === undefined ? "" : `: ${this.#reason.message}`;
    const options = this.#reason === undefined ? {} : { cause: this.#reason };
    return new ConnectionClosedError(
      `the connection was closed before the reply to ${call.method} came${why}`,
      options,
    );
  }
}
