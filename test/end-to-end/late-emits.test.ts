import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { test, type Place } from "./programs.js";

/** Answers `/` at once, `/slow` after a while, and `/never` never. */
const server = createServer(({ url }, response) => {
  if (url !== "/never") setTimeout(() => response.end("x"), url === "/slow" ? 100 : 0);
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function writeApp(place: Place, map: string, rest = "export const reduce = (key, ones) => ones.length;"): string {
  const { port } = server.address() as AddressInfo;
  return place.write(
    "app.mjs",
    `import { execFile, spawn } from "node:child_process";
    import { pbkdf2 } from "node:crypto";
    import { lookup } from "node:dns";
    import { once } from "node:events";
    import { createReadStream, promises as fs } from "node:fs";
    import { Agent, get } from "node:http";
    import { connect } from "node:net";
    import { setInterval as ticks, setTimeout as delay } from "node:timers/promises";
    import { Worker } from "node:worker_threads";
    const url = "http://127.0.0.1:${port}";
    const agent = new Agent({ keepAlive: true });
    let kept, pool, thread, timer, wake;
    export const input = "lines";
    ${map}
    ${rest}`,
  );
}

const commands: [name: string, args: string[]][] = [
  ["mr run", ["run", "-w", "1", "-r", "1"]],
  ["mr sequential", ["sequential", "-r", "1"]],
];

describe.each(commands)("%s fails when the app goes on after map has returned, with", (_, args) => {
  const emitting = {
    "a timer": `setTimeout(() => ctx.emit(line, 1), 30)`,
    "a timer of ten minutes": `setTimeout(() => ctx.emit(line, 1), 600_000)`,
    "a timer, when the app keeps the context": `kept = ctx; setTimeout(() => kept.emit(line, 1), 600_000)`,
    "an emit taken out of the context": `const { emit } = ctx; setTimeout(() => emit(line, 1), 600_000)`,
    "an interval": `setInterval(() => ctx.emit(line, 1), 50)`,
    "an immediate": `setImmediate(() => ctx.emit(line, 1))`,
    "a function that is not awaited": `(async () => { await delay(30); ctx.emit(line, 1); })()`,
    "a promise whose rejection is swallowed": `delay(30).then(() => ctx.emit(line, 1)).catch(() => undefined)`,
    "a chain over files": `fs.readFile("in.txt").then(() => fs.stat(".")).then(() => ctx.emit(line, 1))`,
    "a stream": `createReadStream("in.txt").resume().on("close", () => ctx.emit(line, 1))`,
    "a request": `fetch(url + "/slow").then(() => ctx.emit(line, 1))`,
    "a request without an answer": `fetch(url + "/never").then(() => ctx.emit(line, 1))`,
    "a look-up of a name": `lookup("localhost", () => ctx.emit(line, 1))`,
    "a child process": `execFile("sleep", ["0.1"], () => ctx.emit(line, 1))`,
    "a worker thread": `new Worker("setTimeout(() => 0, 100)", { eval: true }).on("exit", () => ctx.emit(line, 1))`,
    "work of the thread pool": `pbkdf2("a", "b", 500_000, 32, "sha256", () => ctx.emit(line, 1))`,
    "a counter": `const counter = ctx.counter("n"); setTimeout(() => counter.add(), 30)`,
    "a side file": `const side = ctx.sideFile("f"); setTimeout(() => side.write("x"), 600_000)`,
  };
  for (const [what, map] of Object.entries(emitting)) {
    test(what, async ({ place }) => {
      const app = writeApp(place, `export function map(file, line, ctx) { ${map}; }`);
      const { code, stderr } = await place.run("mr", [...args, app, place.write("in.txt", "a\n")]);
      expect(stderr).toMatch(/map 0 (called .* after it had ended|has ended, and work that it started goes on \(.+\))/);
      expect(code).toBe(1);
    });
  }

  const unrefed = {
    "a timer": `setTimeout(() => ctx.emit(key, 1), 30).unref()`,
    "a timer of ten minutes": `setTimeout(() => ctx.emit(key, 1), 600_000).unref()`,
    "an interval": `setInterval(() => ctx.emit(key, 1), 3000).unref()`,
    "a promise of a timer": `delay(30, 0, { ref: false }).then(() => ctx.emit(key, 1))`,
    "an iterator of ticks": `(async () => { for await (const tick of ticks(3000, 0, { ref: false })) ctx.emit(key, 1); })()`,
    "a signal": `AbortSignal.timeout(50).addEventListener("abort", () => ctx.emit(key, 1))`,
    "a worker thread": `new Worker("setTimeout(() => 0, 100)", { eval: true }).on("exit", () => ctx.emit(key, 1)).unref()`,
    "a child process": `spawn("sleep", ["0.2"], { stdio: "ignore" }).on("exit", () => ctx.emit(key, 1)).unref()`,
  };
  for (const [what, code] of Object.entries(unrefed)) {
    test(`${what} that does not keep Node.js running, in the last task`, async ({ place }) => {
      const map = `export const map = (file, line, ctx) => ctx.emit(line, 1);`;
      const app = writeApp(place, map, `export function reduce(key, ones, ctx) { ${code}; }`);
      const run = await place.run("mr", [...args, app, place.write("in.txt", "a\n")]);
      expect(run.stderr).toMatch(
        /reduce 0 (called .* after it had ended|has ended, and work that it started goes on \(.+\))/,
      );
      expect(run.code).toBe(1);
    });
  }

  test("a promise that the next attempt resolves, when the app catches all errors", async ({ place }) => {
    const map = `export function map(file, line, ctx) {
      wake?.();
      new Promise((resolve) => (wake = resolve)).then(() => ctx.emit(line, 1)).catch(() => undefined);
    }`;
    const inputs = [place.write("in.txt", "a\n"), place.write("in2.txt", "b\n")];
    const { code, stderr } = await place.run("mr", [...args, writeApp(place, map), ...inputs]);
    expect(stderr).toContain("map 0 called ctx.emit after it had ended");
    expect(code).toBe(1);
  });

  test("a child process that writes a side file", async ({ place }) => {
    const map = `export function map(file, line, ctx) { execFile("sh", ["-c", "exec sleep 30 > " + ctx.sideFile("f").path]); }`;
    const { code, stderr } = await place.run("mr", [...args, writeApp(place, map), place.write("in.txt", "a\n")]);
    expect(stderr).toMatch(/goes on \(a child process\)/);
    expect(code).toBe(1);
  });

  test("the same in reduce, reduceStream, setup and teardown", async ({ place }) => {
    const input = place.write("in.txt", "a\n");
    const map = `export const map = (file, line, ctx) => ctx.emit(line, 1);`;
    const late = `setTimeout(() => ctx.emit("late", 1), 30);`;
    for (const [rest, task] of [
      [`export function reduce(key, ones, ctx) { ${late} }`, "reduce 0"],
      [`export function reduceStream(key, ones, ctx) { ${late} }`, "reduce 0"],
      [`export function teardown(ctx) { ${late} } export const reduce = () => 1;`, "map 0"],
      [`export function setup(ctx) { ${late.replace("30", "600_000")} } export const reduce = () => 1;`, "map 0"],
    ] as const) {
      const { code, stderr } = await place.run("mr", [...args, writeApp(place, map, rest), input]);
      expect(stderr).toContain(task);
      expect(stderr).toMatch(/after it had ended|goes on/);
      expect(code).toBe(1);
    }
  });
});

describe.each(commands)("%s takes no offence at what an attempt leaves behind that cannot emit:", (_, args) => {
  const harmless = {
    "an awaited request": `await (await fetch(url + "/")).text()`,
    "an awaited request, when the app keeps the context": `kept = ctx; await (await fetch(url + "/")).text()`,
    "a kept connection of an agent": `await new Promise((done) => get(url, { agent }, (m) => m.resume().on("end", done)))`,
    "a pool with an idle timer":
      `if (!pool) await once((pool = connect(url.split(":")[2], "127.0.0.1")), "connect");` +
      `clearTimeout(timer); timer = setTimeout(() => pool.end(), 10_000)`,
    "a request with a time limit, when the app keeps the context": `kept = ctx; await (await fetch(url + "/", { signal: AbortSignal.timeout(600_000) })).text()`,
    "a worker thread for later": `thread ??= new Worker("setInterval(() => 0, 1000)", { eval: true }); await delay(1)`,
    "an interval that does not keep Node.js running": `setInterval(() => undefined, 1000).unref()`,
    "the timer of a race": `await Promise.race([delay(1), new Promise((_, fail) => setTimeout(fail, 600_000))])`,
    "an awaited stream": `for await (const chunk of createReadStream("in.txt"));`,
    "an awaited child process": `await new Promise((done) => execFile("true", done))`,
    "a listener of ctx.signal": `ctx.signal.addEventListener("abort", () => ctx.log("aborted"))`,
    "lines that it has printed": `console.log("x".repeat(10_000))`,
  };
  for (const [what, map] of Object.entries(harmless)) {
    test(what, async ({ place }) => {
      const app = writeApp(place, `export async function map(file, line, ctx) { ${map}; ctx.emit(line, 1); }`);
      await place.succeed("mr", [...args, "-q", app, place.write("in.txt", "a\nb\n"), place.write("in2.txt", "b\n")]);
      expect(place.read("mr-output/mr-out-0")).toBe("a 1\nb 2\n");
    });
  }

  test("a pool that the module or setup opens, when the app keeps the context", async ({ place }) => {
    const inputs = [place.write("in.txt", "a\nb\n"), place.write("in2.txt", "b\n")];
    const port = `url.split(":")[2], "127.0.0.1"`;
    for (const opening of [
      `pool = connect(${port}); setInterval(() => undefined, 1000);`,
      `export async function setup() { if (!pool) await once((pool = connect(${port})), "connect"); }`,
      `export async function setup() { pool ??= new Worker("setInterval(() => 0, 1000)", { eval: true }); }`,
      `export async function setup() { timer ??= setInterval(() => undefined, 1000).unref(); }`,
    ]) {
      const app = writeApp(place, `${opening} export function map(file, line, ctx) { kept = ctx; ctx.emit(line, 1); }`);
      await place.succeed("mr", [...args, "-q", app, ...inputs]);
      expect(place.read("mr-output/mr-out-0")).toBe("a 1\nb 2\n");
    }
  });

  test("a side file that is still being written: it is whole", async ({ place }) => {
    const map = `export function map(file, line, ctx) { fs.writeFile(ctx.sideFile("f").path, "x".repeat(20_000_000)); }`;
    await place.succeed("mr", [...args, "-q", writeApp(place, map), place.write("in.txt", "a\n")]);
    expect(place.read("mr-output/mr-side-map-0-f")).toHaveLength(20_000_000);
  });
});
