/**
 * The status page's server (paper section 4.8): read-only, plain HTTP, no framework.
 *
 *     /             the page, one document
 *     /api/events   the view, live, as server-sent events
 *     /api/status   the view, as JSON
 *     /metrics      the view, in Prometheus' text format
 *     /healthz      ok
 *
 * It runs in the coordinator's process and must not disturb it: clients get limited time, bounded buffers and a bounded
 * number of connections. It does not keep the process alive or delay its end.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback, isLoopbackHost } from "./host-header.js";
import type { JobView } from "../model/job-view.js";
import { LiveView } from "./live-view.js";
import { metricsContentType, metricsText } from "./metrics.js";

const connectionsMax = 50;
const requestTimeoutMs = 10_000;
/** Views are not built more often, however many requests arrive. */
const viewAgeMaxMs = 100;
/** How long a browser may take, at the end of the job, to receive the last event. */
const lastEventTimeoutMs = 200;

/** The address is unavailable. The message says why. */
class StatusAddressError extends Error {
  override readonly name = "StatusAddressError";
}

export interface StatusServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** The page, including its content security policy. */
  readonly page: string;
}

export class StatusServer {
  readonly #server: Server;
  readonly #options: StatusServerOptions;
  readonly #pagePolicy: string;
  #url = "";
  readonly #live = new LiveView(() => this.#view());
  #take: (() => JobView) | undefined;
  #latest: { readonly view: JobView; readonly takenAtMs: number } | undefined;

  private constructor(options: StatusServerOptions) {
    this.#options = options;
    this.#pagePolicy = policyOf(options.page);
    this.#server = createServer(
      { headersTimeout: requestTimeoutMs, requestTimeout: requestTimeoutMs, maxHeaderSize: 16 * 1024 },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = connectionsMax;
    // For a client that does not read its reply. A client that receives events gets some more often.
    this.#server.setTimeout(requestTimeoutMs * 3);
    this.#server.on("connection", (socket) => socket.unref());
  }

  /** Starts listening. Rejects with a StatusAddressError when the address is unavailable. */
  static async listen(options: StatusServerOptions): Promise<StatusServer> {
    const status = new StatusServer(options);
    const { host, port } = options;
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException) => reject(unusable(host, port, error));
      status.#server.once("error", refuse);
      status.#server.listen({ host, port }, () => {
        status.#server.off("error", refuse);
        // After it listens, an error only affects one client.
        status.#server.on("error", () => undefined);
        resolve();
      });
    });
    status.#server.unref();
    const { port: found } = status.#server.address() as AddressInfo;
    status.#url = `http://${host.includes(":") ? `[${host}]` : host}:${found}/`;
    return status;
  }

  /** The URL of the page. */
  get url(): string {
    return this.#url;
  }

  /** Shows a job from now on. */
  show(take: () => JobView): void {
    this.#take = take;
  }

  /** Sends the last view to watchers, and closes. */
  async close(last: JobView | undefined): Promise<void> {
    this.#live.end(last);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), lastEventTimeoutMs);
    await closed;
    clearTimeout(timer);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url = "" } = request;
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    // A user who made the page reachable from elsewhere may use any host name.
    if (isLoopback(this.#options.host) && !isLoopbackHost(headers.host)) {
      sendText(response, 421, "This page is available only on this machine: use localhost or 127.0.0.1.\n");
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      sendText(response, 405, "This server is read-only.\n");
      return;
    }
    this.#route(url.split("?", 1)[0] ?? "", method, response);
  }

  #route(path: string, method: string, response: ServerResponse): void {
    switch (path) {
      case "/":
        response.setHeader("Content-Security-Policy", `${this.#pagePolicy}; frame-ancestors 'none'`);
        send(response, 200, "text/html; charset=utf-8", this.#options.page);
        break;
      case "/healthz":
        sendText(response, 200, "ok\n");
        break;
      case "/api/status":
        this.#sendView(response, "application/json; charset=utf-8", (view) => `${JSON.stringify(view)}\n`);
        break;
      case "/metrics":
        this.#sendView(response, metricsContentType, metricsText);
        break;
      case "/api/events":
        response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
        if (method === "HEAD") response.end();
        else this.#live.watch(response);
        break;
      default:
        sendText(
          response,
          404,
          "There is no such page. The pages are /, /api/status, /api/events, /metrics and /healthz.\n",
        );
    }
  }

  #view(): JobView | undefined {
    const now = performance.now();
    if (this.#latest !== undefined && now - this.#latest.takenAtMs < viewAgeMaxMs) return this.#latest.view;
    if (this.#take !== undefined) this.#latest = { view: this.#take(), takenAtMs: now };
    return this.#latest?.view;
  }

  #sendView(response: ServerResponse, type: string, text: (view: JobView) => string): void {
    const view = this.#view();
    if (view !== undefined) {
      send(response, 200, type, text(view));
      return;
    }
    response.setHeader("Retry-After", "1");
    sendText(response, 503, "The job has not begun yet.\n");
  }
}

const securityHeaders = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** The build puts the policy into the page, for when it is opened as a file. */
function policyOf(page: string): string {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1];
  if (policy === undefined) throw new Error("the page has no content security policy");
  return policy;
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, "text/plain; charset=utf-8", text);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  // For HEAD, Node.js sends only the headers.
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) }).end(body);
}

function unusable(host: string, port: number, { code, message }: NodeJS.ErrnoException): StatusAddressError {
  const reasons: Record<string, string> = {
    EADDRINUSE: "it is in use; choose another --status-port, or 0 for any free port",
    EADDRNOTAVAIL: "this machine has no such address; choose another --status-host",
    EACCES: "permission denied; choose a --status-port above 1023",
    ENOTFOUND: "there is no host of that name; choose another --status-host",
  };
  const reason = reasons[code ?? ""] ?? message;
  return new StatusAddressError(`cannot show the status page at ${host}:${port}: ${reason}`);
}
