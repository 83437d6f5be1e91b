import { request, type IncomingMessage, type RequestOptions } from "node:http";
import { connect, type AddressInfo, createServer } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import type { JobView } from "../../src/model/job-view.js";
import { StatusServer } from "../../src/status/server.js";
import { viewOf } from "./job-views.js";

const page = `<html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-x'" /></html>`;

const servers: StatusServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(undefined)));
});

async function serve(view?: () => JobView): Promise<StatusServer> {
  const server = await StatusServer.listen({ host: "127.0.0.1", port: 0, page });
  servers.push(server);
  if (view !== undefined) server.show(view);
  return server;
}

async function ask(server: StatusServer, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
  const asked = request(new URL(path, server.url), { agent: false, ...options });
  asked.end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return response;
}

async function get(server: StatusServer, path: string, options: RequestOptions = {}) {
  const response = await ask(server, path, options);
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** The patches of the view that a watcher receives, one by one. */
class Watcher {
  readonly #chunks: AsyncIterator<string>;
  #text = "";

  private constructor(response: IncomingMessage) {
    this.#chunks = response.setEncoding("utf8")[Symbol.asyncIterator]() as AsyncIterator<string>;
  }

  static async of(server: StatusServer): Promise<Watcher> {
    return new Watcher(await ask(server, "/api/events"));
  }

  /** The next event's name and data. */
  async next(): Promise<{ event: string; data: Partial<JobView> }> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end !== -1) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data === undefined) continue;
        return { event: /^event: (.*)$/m.exec(block)?.[1] ?? "message", data: JSON.parse(data) as Partial<JobView> };
      }
      const chunk = await this.#chunks.next();
      if (chunk.done === true) throw new Error("the events have ended");
      this.#text += chunk.value;
    }
  }
}

describe("the status page's server", () => {
  it("serves the page with a policy that allows it no other sources", async () => {
    const { status, headers, body } = await get(await serve(), "/");
    expect([status, headers["content-type"], body]).toEqual([200, "text/html; charset=utf-8", page]);
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none'; script-src 'sha256-x'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
  });

  it("serves the view as JSON and as metrics, and says when there is no job yet", async () => {
    const server = await serve();
    expect(await get(server, "/api/status")).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    server.show(() => viewOf());
    const json = await get(server, "/api/status?x=1");
    expect([json.status, JSON.parse(json.body)]).toEqual([200, viewOf()]);
    const metrics = await get(server, "/metrics");
    expect(metrics.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(metrics.body).toContain('mapreduce_tasks{phase="map",state="completed"} 2\n');
    expect(await get(server, "/healthz")).toMatchObject({ status: 200, body: "ok\n" });
  });

  it("answers HEAD like GET without a body, and rejects methods that change something", async () => {
    const server = await serve(() => viewOf());
    for (const path of ["/", "/api/status", "/metrics", "/healthz", "/api/events"]) {
      expect(await get(server, path, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const refused = await get(server, "/api/status", { method });
      expect([refused.status, refused.headers.allow]).toEqual([405, "GET, HEAD"]);
    }
    for (const path of ["/nothing", "/../etc/passwd", "/api/", "//"]) {
      const found = await get(server, "/", { path });
      expect([found.status, found.headers["content-type"]]).toEqual([404, "text/plain; charset=utf-8"]);
    }
  });

  it("rejects requests under the name of another machine, as from a hostile page in the browser", async () => {
    const server = await serve(() => viewOf());
    const refused = await get(server, "/api/status", { headers: { Host: "evil.example:80" } });
    expect(refused).toMatchObject({ status: 421 });
    expect(refused.body).not.toContain("abcd");
    expect(await get(server, "/api/status", { headers: { Host: "localhost:80" } })).toMatchObject({ status: 200 });
  });

  it("sends watchers the whole view, then the changes, then the last view", async () => {
    let view = viewOf();
    const server = await serve(() => view);
    const watcher = await Watcher.of(server);
    expect(await watcher.next()).toEqual({ event: "message", data: view });
    view = viewOf({ elapsedMs: 2000, mapsLost: 1 });
    expect(await watcher.next()).toEqual({ event: "message", data: { elapsedMs: 2000, mapsLost: 1 } });
    const late = await Watcher.of(server);
    expect((await late.next()).data).toEqual(view);
    servers.pop();
    await server.close({ ...view, phase: "done" });
    for (const each of [watcher, late]) {
      expect(await each.next()).toEqual({ event: "message", data: { phase: "done" } });
      expect(await each.next()).toEqual({ event: "end", data: {} });
    }
  });

  it("builds no view without watchers, and one for all of them", async () => {
    let taken = 0;
    const server = await serve(() => viewOf({ elapsedMs: (taken += 1) }));
    expect(taken).toBe(0);
    const watchers = await Promise.all(Array.from({ length: 10 }, () => Watcher.of(server)));
    await Promise.all(watchers.map((watcher) => watcher.next()));
    const after = taken;
    await Promise.all(watchers.map((watcher) => watcher.next()));
    expect(taken - after).toBeLessThan(watchers.length);
  });

  it("closes although a client reads nothing, sends nothing, or sends slowly", async () => {
    const big = "x".repeat(1_000_000);
    let n = 0;
    const server = await serve(() => viewOf({ directory: `${(n += 1)}${big}` }));
    const { port } = new URL(server.url);
    const stuck = await Promise.all(
      ["GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / HT", ""].map(async (said) => {
        const socket = connect(Number(port), "127.0.0.1").pause();
        socket.on("error", () => undefined);
        await once(socket, "connect");
        socket.write(said);
        return socket;
      }),
    );
    await (await Watcher.of(server)).next();
    servers.pop();
    await server.close(viewOf());
    for (const socket of stuck) socket.destroy();
  });

  it("does not listen at an address in use, and says what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const refused = StatusServer.listen({ host: "127.0.0.1", port, page });
    await expect(refused).rejects.toThrow(`cannot show the status page at 127.0.0.1:${port}: it is in use; choose`);
    await expect(refused).rejects.toMatchObject({ name: "StatusAddressError" });
    other.close();
    const nowhere = StatusServer.listen({ host: "192.0.2.1", port: 0, page });
    await expect(nowhere).rejects.toThrow("this machine has no such address");
  });
});
