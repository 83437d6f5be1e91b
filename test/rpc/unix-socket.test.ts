import { once } from "node:events";
import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AddressInUseError, AddressUnusableError, TransportError } from "../../src/machine/socket-errors.js";
import { ForeignSocketError } from "../../src/rpc/errors.js";
import { Peer } from "../../src/rpc/peer.js";
import type { Listener } from "../../src/rpc/transport.js";
import { connectUnixSocket, listenUnixSocket } from "../../src/rpc/unix-socket.js";
import { describeTransport } from "./transport-contract.js";

const pathBytesMax = (process.platform === "linux" ? 107 : 103) - 8;

let directory: string;
let path: string;
let sockets = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mr-"));
  path = join(directory, "mr.sock");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describeTransport("a Unix socket", async (onConnection) => {
  sockets += 1;
  const listener = await listenUnixSocket(join(directory, String(sockets)), onConnection);
  return { listener, connect: () => connectUnixSocket(listener.address) };
});

function listen(at = path): Promise<Listener> {
  return listenUnixSocket(at, (stream) => new Peer(stream, { Ping: () => ({}) }));
}

async function expectAnswer(at = path): Promise<void> {
  const peer = new Peer(await connectUnixSocket(at), {});
  expect(await peer.call("Ping", {})).toEqual({});
  await peer.close();
}

/** Leaves the file of a socket at which no process listens, like a killed process. */
async function leaveStaleSocket(): Promise<void> {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
  await once(spawn(process.execPath, ["-e", script]), "exit");
  expect(statSync(path).isSocket()).toBe(true);
}

/** The same without a process: a second hard link of a socket outlives it. */
async function leaveStaleSocketQuickly(): Promise<void> {
  const server = createServer().listen(join(directory, "old"));
  await once(server, "listening");
  linkSync(join(directory, "old"), path);
  server.close();
  await once(server, "close");
}

describe("listening at a Unix socket", () => {
  test("makes a file that only its owner may use, and leaves nothing when it closes", async () => {
    const mask = process.umask(0);
    const listener = await listen();
    expect(process.umask(mask)).toBe(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["mr.sock"]);
    await expectAnswer();
    await listener.close();
    await listener.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test("replaces the socket of a process that was killed", async () => {
    await leaveStaleSocket();
    await expect(connectUnixSocket(path)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const listener = await listen();
    await expectAnswer();
    expect(readdirSync(directory)).toEqual(["mr.sock"]);
    await listener.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test("is refused while another process listens there, which is not disturbed", async () => {
    const first = await listen();
    await expect(listen()).rejects.toThrow(AddressInUseError);
    await expect(listen()).rejects.toThrow(`a coordinator is already running at ${path}`);
    await expectAnswer();
    expect(readdirSync(directory)).toEqual(["mr.sock"]);
    await first.close();
    const second = await listen();
    await expectAnswer();
    await second.close();
  });

  test("leaves a file that is not a socket alone", async () => {
    writeFileSync(path, "precious");
    await expect(listen()).rejects.toThrow(AddressUnusableError);
    await expect(listen()).rejects.toThrow(`${path}: a file that is not a socket is there`);
    expect(readFileSync(path, "utf8")).toBe("precious");
    expect(readdirSync(directory)).toEqual(["mr.sock"]);
  });

  test("is refused at a directory", async () => {
    mkdirSync(path);
    await expect(listen()).rejects.toThrow("a file that is not a socket is there");
    expect(readdirSync(directory)).toEqual(["mr.sock"]);
  });

  test("accepts a path of the maximum length, counted in bytes, and none longer", async () => {
    const room = pathBytesMax - Buffer.byteLength(directory) - 1;
    const longest = join(directory, `${"é".repeat(Math.floor(room / 2))}${"x".repeat(room % 2)}`);
    await leaveStaleSocket();
    renameSync(path, longest);
    const listener = await listen(longest);
    expect(listener.address).toBe(longest);
    await expectAnswer(longest);
    await listener.close();
    await expect(listen(`${longest}x`)).rejects.toThrow(AddressUnusableError);
    await expect(listen(`${longest}x`)).rejects.toThrow(
      `${longest}x: the path has ${pathBytesMax + 1} bytes, and a socket may have ${pathBytesMax}`,
    );
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    ["a missing directory", "missing/mr.sock", "the directory"],
    ["a file in place of the directory", "file/mr.sock", "is not a directory"],
  ])("names the path when there is %s", async (_, name, text) => {
    writeFileSync(join(directory, "file"), "");
    const at = join(directory, name);
    await expect(listen(at)).rejects.toThrow(AddressUnusableError);
    await expect(listen(at)).rejects.toThrow(`cannot listen at ${at}: `);
    await expect(listen(at)).rejects.toThrow(text);
  });

  test.each(["", "\0abstract"])("is refused at %j, which is no file name", async (at) => {
    await expect(listen(at)).rejects.toThrow(AddressUnusableError);
  });

  test("names the path when the directory is not writable", async () => {
    const root = process.geteuid?.() === 0;
    chmodSync(directory, 0o555);
    // The superuser may write to every directory.
    if (root) process.seteuid?.(65534);
    try {
      await expect(listen()).rejects.toThrow(`cannot listen at ${path}: no permission to create files in ${directory}`);
    } finally {
      if (root) process.seteuid?.(0);
      chmodSync(directory, 0o755);
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  test.skipIf(process.geteuid?.() !== 0)("leaves the socket of another user alone", async () => {
    chmodSync(directory, 0o777);
    const theirs = await listen();
    process.seteuid?.(65534);
    try {
      await expect(listen()).rejects.toThrow(`cannot listen at ${path}: a socket of another user is there`);
      await expect(connectUnixSocket(path)).rejects.toMatchObject({ code: "EACCES" });
    } finally {
      process.seteuid?.(0);
    }
    await expectAnswer();
    await theirs.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test("does not remove a successor's socket when it closes", async () => {
    const first = await listen();
    rmSync(path);
    const second = await listen();
    await first.close();
    await expectAnswer();
    await second.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([2, 5])("lets exactly one of %i win that start at once, over a stale socket or none", async (racers) => {
    for (let round = 0; round < 50; round += 1) {
      if (round % 2 === 0) await leaveStaleSocketQuickly();
      const outcomes = await Promise.allSettled(Array.from({ length: racers }, () => listen()));
      const won = outcomes.filter((outcome) => outcome.status === "fulfilled").map((outcome) => outcome.value);
      const lost = outcomes
        .filter((outcome) => outcome.status === "rejected")
        .map((outcome) => outcome.reason as unknown);
      expect(won).toHaveLength(1);
      for (const error of lost) expect(error).toBeInstanceOf(AddressInUseError);
      await expectAnswer();
      expect(readdirSync(directory)).toEqual(["mr.sock"]);
      await won[0]?.close();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  test("removes only files of processes killed before their socket had its name", async () => {
    await leaveStaleSocket();
    renameSync(path, `${path}.0a1b2c`);
    await leaveStaleSocket();
    renameSync(path, `${path}.0a1b2d~`);
    await leaveStaleSocket();
    renameSync(path, `${path}.backup`);
    writeFileSync(`${path}.0a1b2e`, "no socket");
    const living = await listen(join(directory, "living"));
    linkSync(living.address, `${path}.0a1b2f`);
    const listener = await listen();
    const found = ["living", "mr.sock", "mr.sock.0a1b2e", "mr.sock.0a1b2f", "mr.sock.backup"];
    expect(readdirSync(directory).sort()).toEqual(found);
    await expectAnswer();
    await listener.close();
    await living.close();
  });
});

describe("a Unix socket with more connections than it accepts", () => {
  test("closes excess connections at once, and accepts others when some have gone", async () => {
    const listener = await listenUnixSocket(path, (stream) => new Peer(stream, { Ping: () => ({}) }), {
      connectionsMax: 2,
    });
    const connections = [await connectUnixSocket(path), await connectUnixSocket(path)];
    const [first] = connections.map((stream) => new Peer(stream, {}));
    const refused = new Peer(await connectUnixSocket(path), {});
    await refused.closed;
    expect(await first?.call("Ping", {})).toEqual({});
    await first?.close();
    await vi.waitFor(() => expectAnswer());
    for (const stream of connections) stream.destroy();
    await listener.close();
  });
});

test("a client that floods, does not read, or stops in a line does not delay others", async () => {
  const served: Peer[] = [];
  const listener = await listenUnixSocket(path, (stream) => served.push(new Peer(stream, { Ping: () => ({}) })));
  const [flooding, deaf, stuck] = [
    await connectUnixSocket(path),
    await connectUnixSocket(path),
    await connectUnixSocket(path),
  ];
  const good = new Peer(await connectUnixSocket(path), {});
  await vi.waitFor(() => expect(served).toHaveLength(4));
  stuck.write('{"jsonrpc":"2.0",');
  flooding.resume();
  const ping = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"Ping"}\n'.repeat(1000));
  for (let round = 0; round < 100; round += 1) {
    if (flooding.writable) flooding.write(Buffer.alloc(1000, "\n"));
    if (deaf.writable) deaf.write(ping);
    expect(await good.call("Ping", {})).toEqual({});
  }
  await Promise.all([served[0]?.closed, served[1]?.closed]);
  expect(await good.call("Ping", {})).toEqual({});
  for (const stream of [flooding, deaf, stuck]) stream.destroy();
  await good.close();
  await listener.close();
});

describe("connecting to a Unix socket", () => {
  const stranger = 65534;
  const isRoot = process.geteuid?.() === 0;

  test.skipIf(!isRoot)("is refused when another user has made it, whatever it leads to", async () => {
    const listener = await listen();
    chownSync(path, stranger, -1);
    await expect(connectUnixSocket(path)).rejects.toThrow(ForeignSocketError);
    await expect(connectUnixSocket(path)).rejects.toThrow(
      `the socket ${path} belongs to another user (uid ${stranger}); choose another path`,
    );
    await expect(connectUnixSocket(path)).rejects.toMatchObject({ code: "EACCES" });

    const link = join(directory, "link");
    symlinkSync(path, link);
    await expect(connectUnixSocket(link)).rejects.toThrow(ForeignSocketError);
    chownSync(path, 0, -1);
    await expectAnswer(link);
    lchownSync(link, stranger, -1);
    await expect(connectUnixSocket(link)).rejects.toThrow(ForeignSocketError);
    await expectAnswer();
    await listener.close();
  });

  test("keeps the system's error code", async () => {
    await expect(connectUnixSocket(path)).rejects.toMatchObject({ code: "ENOENT" });
    await leaveStaleSocketQuickly();
    await expect(connectUnixSocket(path)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("does not connect to another path when this one is too long", async () => {
    const at = `/${"x".repeat(200)}`;
    await expect(connectUnixSocket(at)).rejects.toMatchObject({ code: "ENAMETOOLONG" });
  });
});

test("the errors of listening have a base in common, so that a command can print their message alone", () => {
  expect(new AddressInUseError("x")).toBeInstanceOf(TransportError);
  expect(new AddressUnusableError("x")).toBeInstanceOf(TransportError);
});
