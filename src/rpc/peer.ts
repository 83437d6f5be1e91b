/**
 * One end of a connection. Each end may call the other; calls do not wait for one another, so that a reply may take as
 * long as it needs (a long poll).
 *
 *     bytes ─ Inbox ─ line ─ parse ─┬─ response ─ JSONRPCClient ─ result checked ─ promise of `call`
 *                                   ├─ request ── JSONRPCServer ─ params checked ─ handler ─ response ─ bytes
 *                                   └─ neither ── error response ─ bytes
 *
 * The other end is not trusted: whatever arrives is answered, ignored, or ends the connection; it never throws here. It
 * may use so much of our memory and time (`limits.ts`), and who wants more is told so and cut off.
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
import { Inbox } from "./inbox.js";
import { memberLimits, unreadBytesMax, type ReceiveLimits } from "./limits.js";
import { batchMessagesMax, errorAnswer, idOf, issueText, isRequest, isResponse, remoteError } from "./messages.js";
import * as protocol from "./protocol.js";
import type { Method, ParamsOf, ResultOf } from "./protocol.js";

/** The methods that an end answers. What a handler throws becomes the error of the call; see `RefusedError`. */
export type Handlers = {
  [M in Method]?: (params: ParamsOf<M>, peer: Peer) => ResultOf<M> | Promise<ResultOf<M>>;
};

export interface PeerOptions {
  /** Longest line sent, its end not counted, and taken, if `limits` say nothing else. */
  readonly messageBytesMax?: number;
  /** What is taken from the other end; `memberLimits` where they say nothing. */
  readonly limits?: Partial<ReceiveLimits>;
  /** The other end is a stranger: these limits hold until `trust` is called, and it is cut off when that takes too long. */
  readonly stranger?: { readonly limits: ReceiveLimits; readonly timeoutMs: number };
  /** How much may be unread by the other end; see `unreadBytesMax` of `limits.ts`. */
  readonly unreadBytesMax?: number;
  /** How long `close` waits for the other end before it destroys the connection. */
  readonly closeTimeoutMs?: number;
  /** The clock for rates. */
  readonly nowMs?: () => number;
}

/** A call under way. `failure` is why it cannot be answered, and wins over any response. */
interface Call {
  readonly method: Method;
  failure?: Error;
}

export class Peer {
  /** Resolved once the connection is gone, for whatever reason. Never rejected. */
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
  /** Why the connection broke, as far as it is known. */
  #reason: Error | undefined;

  /** Takes the stream over: nobody else may read, write or end it. */
  constructor(stream: Duplex, handlers: Handlers, options: PeerOptions = {}) {
    this.#stream = stream;
    this.#messageBytesMax = options.messageBytesMax ?? protocol.messageBytesMax;
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
    // json-rpc-2.0 would print to the console what is in the answer already.
    const errorListener = () => undefined;
    const server = new JSONRPCServer<undefined>({ errorListener });
    server.mapErrorToJSONRPCErrorResponse = errorAnswer;
    const client = new JSONRPCClient<Call>((message, call) => this.#send(message, call));
    this.#rpc = new JSONRPCServerAndClient(server, client, { errorListener });
    for (const method of Object.keys(protocol.methods) as Method[]) this.#serve(method, handlers);
    this.closed = this.#listen();
    if (options.stranger !== undefined) this.#awaitTrust(options.stranger.timeoutMs);
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

  /** From now on the other end is no stranger: the limits are those of a member, and there is no time limit. */
  trust(): void {
    if (this.#isStranger) this.#inbox.setLimits(this.#memberLimits);
    this.#isStranger = false;
    this.#mayStay = true;
  }

  /** From now on there is no time limit; the other limits are as before. */
  letStay(): void {
    this.#mayStay = true;
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
    this.#stream.on("data", (chunk: Buffer) => this.#inbox.read(chunk));
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

  #awaitTrust(timeoutMs: number): void {
    const text = `nobody has registered here within ${timeoutMs} ms`;
    const check = () => {
      if (!this.#mayStay) this.#cutOff(errors.cutOffCode, text);
    };
    // When this process itself was late, what has come meanwhile is read first.
    const timer = setTimeout(() => setImmediate(check), timeoutMs);
    void this.closed.then(() => clearTimeout(timer));
  }

  /** Says why, and closes. */
  #cutOff(code: number, text: string): void {
    this.#inbox.close();
    this.#reason ??= new Error(text);
    this.#reply(createJSONRPCErrorResponse(null, code, text));
    void this.close();
  }

  /** Never rejects: a handler's error is in its response, and `#reply` does not throw. */
  async #receive(message: unknown, count: number): Promise<void> {
    const response = await (Array.isArray(message) ? this.#answerBatch(message) : this.#answer(message));
    if (response !== null) this.#reply(response);
    this.#inbox.answered(count);
  }

  async #answerBatch(messages: unknown[]): Promise<JSONRPCResponse | JSONRPCResponse[] | null> {
    if (messages.length === 0 || messages.length > batchMessagesMax) {
      const text = messages.length === 0 ? "batch is empty" : `batch has more than ${batchMessagesMax} messages`;
      return createJSONRPCErrorResponse(null, errors.invalidRequestCode, text);
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
    if (this.#stream.writableLength > this.#unreadBytesMax) {
      this.#reason = new errors.ConnectionClosedError("the other side does not read what it is sent");
      this.destroy();
      return;
    }
    this.#stream.write(line);
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
