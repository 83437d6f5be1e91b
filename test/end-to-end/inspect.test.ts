import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect } from "vitest";
import { DebuggerClient } from "./debugger-client.js";
import { expectRefusal, test, type Place } from "./programs.js";

const javascript = `export const input = "lines";
export function map(file, line, ctx) {
  for (const word of line.split(" ")) {
    ctx.emit(word, 1);
  }
}
export function reduce(word, ones) {
  return ones.length;
}
`;

const typescript = `import type { MapContext } from "mapreduce-ts";

interface Line { words: string[] }

export const input: string = "lines";

export function map(file: string, line: string, ctx: MapContext<number>): void {
  const parsed: Line = { words: line.split(" ") };
  for (const word of parsed.words) ctx.emit(word, 1);
}

export const reduce = (word: string, ones: number[]): number => ones.length;
`;

const counts = "a 3\nb 1\n";

function start(place: Place, app: string, ...options: string[]) {
  place.write("in.txt", "a b\na\na\n");
  return place.start("mr", ["sequential", "--inspect=0", "-r", "1", ...options, app, "in.txt"]);
}

describe.concurrent("mr sequential --inspect", () => {
  test("stops at the first record, and at breakpoints in the app", async ({ place }) => {
    const program = start(place, place.write("app.js", javascript));
    const url = pathToFileURL(join(place.directory, "app.js")).href;
    const client = await DebuggerClient.connect(program);
    // Before the module is loaded, as an editor does it.
    await client.send("Debugger.setBreakpointByUrl", { url, lineNumber: 7 });
    await client.send("Runtime.runIfWaitingForDebugger");
    expect(await client.paused()).toMatchObject({ url, functionName: "map", location: { lineNumber: 2 } });

    // And after the source was shown.
    await client.send("Debugger.setBreakpointByUrl", { url, lineNumber: 3 });
    for (let emits = 0; emits < 4; emits++) {
      await client.send("Debugger.resume");
      expect(await client.paused()).toMatchObject({ url, functionName: "map", location: { lineNumber: 3 } });
    }
    expect(place.exists("mr-output/mr-out-0")).toBe(false);
    for (let keys = 0; keys < 2; keys++) {
      await client.send("Debugger.resume");
      expect(await client.paused()).toMatchObject({ url, functionName: "reduce", location: { lineNumber: 7 } });
    }
    await client.send("Debugger.resume");
    await program.says("Waiting for the debugger to disconnect");
    client.close();
    expect(await program.exit()).toMatchObject({ code: 0, stdout: "" });
    expect(place.read("mr-output/mr-out-0")).toBe(counts);
  });

  test("shows TypeScript by its source map", async ({ place }) => {
    const program = start(place, place.write("app.ts", typescript));
    const client = await DebuggerClient.connect(program);
    await client.send("Runtime.runIfWaitingForDebugger");
    const { url, location } = await client.paused();
    expect(url).toContain("app.ts");
    const { scriptId, lineNumber, columnNumber } = location;
    const map = client.sourceMap(scriptId);
    expect(map.findEntry(lineNumber, columnNumber)).toMatchObject({
      originalSource: join(place.directory, "app.ts"),
      originalLine: 7,
    });
    await client.send("Debugger.resume");
    await program.says("Waiting for the debugger to disconnect");
    client.close();
    expect((await program.exit()).code).toBe(0);
    expect(place.read("mr-output/mr-out-0")).toBe(counts);
  });

  test("stops in setup when the app has one, and continues when the debugger leaves", async ({ place }) => {
    const setup = `export async function setup(ctx) {\n  await ctx.task;\n}\n`;
    const program = start(place, place.write("app.js", setup + javascript));
    const client = await DebuggerClient.connect(program);
    await client.send("Runtime.runIfWaitingForDebugger");
    expect(await client.paused()).toMatchObject({ functionName: "setup", location: { lineNumber: 1 } });
    client.close();
    expect((await program.exit()).code).toBe(0);
    expect(place.read("mr-output/mr-out-0")).toBe(counts);
  });

  test("waits before it loads an app with steps, too", async ({ place }) => {
    const steps = `import { writeFileSync } from "node:fs";
    writeFileSync("loaded", "");
    export const steps = [{ map: (file, text) => [{ key: text, value: 1 }] }];`;
    const program = start(place, place.write("app.js", steps));
    const client = await DebuggerClient.connect(program);
    expect(place.exists("loaded")).toBe(false);
    await client.send("Runtime.runIfWaitingForDebugger");
    expect(await client.paused()).toMatchObject({ functionName: "map" });
    client.close();
    expect(await program.exit()).toMatchObject({ code: 0 });
  });

  test("waits, without a trace, until Ctrl-C ends it", async ({ place }) => {
    const program = start(place, place.write("app.js", javascript));
    await program.says("Debugger listening on ws://127.0.0.1:");
    program.signalGroup("SIGINT");
    expect(await program.exit()).toMatchObject({ signal: "SIGINT" });
    expect(place.files()).toEqual(["app.js", "in.txt"]);
  });

  test("is refused where another process listens, and with an invalid address", async ({ place }) => {
    place.write("in.txt", "");
    place.write("app.js", javascript);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const run = (inspect: string) => place.run("mr", ["sequential", `--inspect=${inspect}`, "app.js", "in.txt"]);
    expectRefusal(await run(String(port)), `127.0.0.1:${port}`, "in use");
    for (const inspect of ["99999", "a b:1", "x:y"]) expectRefusal(await run(inspect), "--inspect", "host:port");
    server.close();
    expect(place.files()).toEqual(["app.js", "in.txt"]);
  });
});

test("mr replay-bad-records --inspect stops at the first of the records", async ({ place }) => {
  place.write("in.txt", "a\nbad\na\n");
  const app = (body: string) => place.write("app.js", javascript.replace("  for", `${body}\n  for`));
  app(`  if (line === "bad") throw new Error(line);`);
  await place.succeed("mr", ["run", "-r", "1", "--skip-bad-records", "1", "app.js", "in.txt"]);
  app("");
  const program = place.start("mr", ["replay-bad-records", "--inspect=0", "app.js"]);
  const client = await DebuggerClient.connect(program);
  await client.send("Runtime.runIfWaitingForDebugger");
  expect(await client.paused()).toMatchObject({ functionName: "map" });
  client.close();
  expect(await program.exit()).toMatchObject({ code: 0, stdout: "in.txt:2 ok (1 pair)\n" });
});
