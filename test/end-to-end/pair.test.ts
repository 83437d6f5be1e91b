import { existsSync, mkdirSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { sortedOutput } from "./oracle.js";
import { expectRefusal, linesOf, test, until, type Ended, type Place, type Program } from "./programs.js";
import { begun, stuckIn, writeStuckApp } from "./test-apps.js";

describe.concurrent("workers", () => {
  test("may start before their coordinator, and all take part", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'map'");
    const inputs = ["a.txt", "b.txt", "c.txt"].map((name) => place.write(name, "ab"));
    const workers = [1, 2, 3].map(() => place.start("mr-worker", ["--quiet", app]));
    await until(
      () => place.processes().length === 3,
      () => "the workers to start",
    );
    const coordinator = place.start("mr-coordinator", ["-r", "2", "--arg", "how=gate", ...inputs]);
    await until(
      () => new Set(begun(place).map(({ pid }) => pid)).size === 3,
      () => "three workers to be in a map",
    );
    place.write("go", "");
    for (const { code, stdout, stderr } of await Promise.all(workers.map((worker) => worker.exit()))) {
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    }
    expect(await coordinator.exit()).toMatchObject({ code: 0, stdout: "" });
    expect(sortedOutput(place.directory)).toEqual(["a 3", "b 3"]);
  });

  test("without a coordinator report it after the connect timeout, with advice", async ({ place }) => {
    const { code, stdout, stderr } = await place.run("mr-worker", ["--quiet", "--connect-timeout", "300ms", "wc"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(linesOf(stderr)).toHaveLength(1);
    expect(stderr).toMatch(
      /^mr-worker: no coordinator at .*mr\.sock after 300ms: start one with mr-coordinator.*--socket/,
    );
  });

  test("at a socket without a listener report the same", async ({ place }) => {
    const coordinator = place.start("mr-coordinator", [place.write("in.txt", "")]);
    await coordinator.says("listening at");
    coordinator.signal("SIGKILL");
    await coordinator.exit();
    const { code, stderr } = await place.run("mr-worker", ["--quiet", "--connect-timeout", "100ms", "wc"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no coordinator at/);
    place.leavesFiles = true;
  });

  test("at a path that is not a socket end with an error", async ({ place }) => {
    const { code, stderr } = await place.run("mr-worker", [
      "--quiet",
      "-s",
      place.write("file", ""),
      "--connect-timeout",
      "100ms",
      "wc",
    ]);
    expect(code).toBe(1);
    expect(linesOf(stderr)).toHaveLength(1);
  });

  test("with a different app or different arguments are refused, and the job continues", async ({ place }) => {
    const { coordinator, worker, finish } = await startGatedJob(place, ["--arg", "x=1"]);
    place.write("other.mjs", place.read("stuck.mjs") + "\n// changed");
    expectRefusal(await place.run("mr-worker", ["--quiet", "wc"]), "wc.js", "stuck.mjs");
    expectRefusal(
      await place.run("mr-worker", ["--quiet", "other.mjs"]),
      /other\.mjs \(content (\w+)\).*stuck\.mjs \(content (?!\1)\w+\)/,
    );
    expectRefusal(
      await place.run("mr-worker", ["--quiet", "stuck.mjs", "--arg", "x=2"]),
      "--arg x=2",
      "--arg how=gate --arg x=1",
    );
    const same = place.start("mr-worker", ["--quiet", "stuck.mjs", "--arg", "x=1", "--arg", "how=gate"]);
    await coordinator.says(/worker w2 joined/);
    await finish();
    for (const one of [worker, same]) expect(await one.exit()).toMatchObject({ code: 0, stderr: "" });
  });

  test("may supply the arguments of the job when the coordinator has none, and workers without any take them", async ({
    place,
  }) => {
    const { coordinator, worker, finish } = await startGatedJob(place, [], ["--arg", "how=gate", "--arg", "x=1"]);
    const without = place.start("mr-worker", ["--quiet", "stuck.mjs"]);
    await coordinator.says(/worker w2 joined/);
    expectRefusal(await place.run("mr-worker", ["--quiet", "stuck.mjs", "--arg", "x=1"]), "how=gate");
    await finish();
    for (const one of [worker, without]) expect(await one.exit()).toMatchObject({ code: 0, stderr: "" });
  });

  test("take the arguments of the coordinator", async ({ place }) => {
    place.write("in.txt", "a whale\na fish\n");
    await place.pair("grep", ["in.txt"], ["-r", "1", "--arg", "pattern=wh"], 1);
    expect(place.read("mr-out-0")).toBe("in.txt:1 a whale\n");
  });
});

describe.concurrent("a coordinator", () => {
  test("is not disturbed by a second one at its socket, which is refused", async ({ place }) => {
    const { coordinator, finish } = await startGatedJob(place);
    const refused = await place.run("mr-coordinator", ["-o", "elsewhere", "in.txt"]);
    expectRefusal(refused, /a coordinator is already running at .*mr\.sock/);
    expect(place.exists("elsewhere")).toBe(false);
    expect(coordinator.isRunning).toBe(true);
    await finish();
  });

  test("is not disturbed by other jobs in its output directory, which are refused", async ({ place }) => {
    const { finish } = await startGatedJob(place);
    place.write("link/x", "");
    for (const refused of [
      await place.run("mr-coordinator", ["-s", join(place.directory, "other.sock"), "in.txt"]),
      await place.run("mr", ["run", "-o", ".", "wc", "in.txt"]),
      await place.run("mr", ["sequential", "-o", "link/..", "wc", "in.txt"]),
    ]) {
      expectRefusal(refused, /another job is running in .*--output-dir/);
    }
    await finish();
  });

  test("can run beside another one with its own socket and directory", async ({ place }) => {
    const { finish } = await startGatedJob(place);
    await place.succeed("mr", ["run", "-r", "1", "wc", "in.txt"]);
    expect(place.read("mr-output/mr-out-0")).toBe("ab 1\n");
    await finish();
  });

  test("replaces the socket and the lock of a killed coordinator", async ({ place }) => {
    const killed = place.start("mr-coordinator", [place.write("in.txt", "ab")]);
    await killed.says("listening at");
    killed.signal("SIGKILL");
    await killed.exit();
    expect(existsSync(place.socket)).toBe(true);
    expect(existsSync(place.lockOf("."))).toBe(true);
    await place.pair("wc", ["in.txt"], ["-r", "1"], 1);
    expect(place.read("mr-out-0")).toBe("ab 1\n");
  });

  test("has a socket that only its owner may open", async ({ place }) => {
    const { finish } = await startGatedJob(place);
    expect(statSync(place.socket).mode & 0o777).toBe(0o600);
    expect(statSync(place.lockOf(".")).mode & 0o777).toBe(0o600);
    await finish();
    expect(existsSync(place.socket)).toBe(false);
  });

  test("clears away the files of an earlier job, says so, and touches nothing else", async ({ place }) => {
    const leftovers = [
      "mr-out-0",
      "mr-out-77",
      "mr-3-1",
      "mr-3-1.2",
      ".mr-tmp-0a1b-map-3-1-0",
      ".mr-tmp-0a1b-reduce-1-1-out",
      "mr-report.json",
      "mr-report.html",
    ];
    const foreign = [
      "mr-out-0.bak",
      "mr-out-",
      "mr-out",
      "mr-notes",
      "my-mr-1-2",
      "mr-1-2-3",
      "sub/mr-out-0",
      ".mr-profile",
      "in.txt",
    ];
    for (const name of [...leftovers, ...foreign]) place.write(name, `of ${name}\n`);
    mkdirSync(join(place.directory, "mr-9-9"));
    const { stderr } = await place.pair("wc", ["in.txt"], ["-r", "2"], 1);
    expect(stderr).toContain(`replaced 4 files of an earlier job in ${place.directory}`);
    const made = ["mr-manifest.json", "mr-out-0", "mr-out-1", "mr-report.json"];
    expect(place.files()).toEqual([...foreign, ...made].sort());
    for (const name of foreign) expect(place.read(name)).toBe(`of ${name}\n`);
    expect(place.exists("mr-9-9")).toBe(true);
    place.leavesFiles = true;
  });

  test("is not disturbed by other clients of its socket", async ({ place }) => {
    const { coordinator, finish } = await startGatedJob(place);
    const call = (method: string, params: unknown) => `${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`;
    const someone = { worker: "w1", attempts: [], memoryBytes: 1 };
    for (const [sent, answer] of [
      ["this is no JSON\n", /-32700/],
      [Buffer.from([0xff, 0, 0xc3, 10]), /-32700/],
      ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", /-32700/],
      ["[]\n", /-32600/],
      [call("Reboot", {}), /-32601/],
      [call("__proto__", {}), /-32601/],
      [call("Ping", {}), /-32601/],
      [call("Register", { pid: "x" }), /-32602/],
      [call("RequestTask", { worker: "w1" }), /not registered on this connection/],
      [call("Heartbeat", someone), /not registered on this connection/],
      [call("NotifyTaskCompletion", { worker: "w1" }), /-32602/],
      ["x".repeat(17 * 1024 * 1024), /"error"/],
    ] as const) {
      expect(await talk(place, sent), String(sent).slice(0, 40)).toMatch(answer);
    }
    expect(JSON.parse(await talk(place, call("Status", {})))).toMatchObject({
      id: 1,
      result: {
        phase: "map",
        maps: { total: 1, inProgress: 1 },
        workers: [{ id: "w1", isSilent: false }],
        attempts: { crashed: 0 },
      },
    });
    const silent = connect(place.socket).on("error", () => undefined);
    silent.write(`{"jsonrpc": "2.0", "id": 1, `);
    expect(coordinator.isRunning).toBe(true);
    await finish();
    silent.destroy();
  });

  test("with --keep-intermediate leaves the map output as sorted lines of JSON", async ({ place }) => {
    place.write("one.txt", "b a 😀x \uffeda λ a a b");
    place.write("two.txt", "the whale");
    await place.pair("wc", ["one.txt", "two.txt"], ["-r", "2", "--keep-intermediate"]);
    place.leavesFiles = true;
    const names = place.files().filter((name) => /^mr-\d/.test(name));
    expect(names.length).toBeGreaterThan(1);
    const words: string[] = [];
    for (const name of names) {
      expect(name).toMatch(/^mr-[01]-[01]$/);
      const lines = linesOf(place.read(name)).map((line) => JSON.parse(line) as [string, string[], number[]?]);
      const keys = lines.map(([key]) => Buffer.from(key));
      expect(keys).toEqual(keys.toSorted((a, b) => Buffer.compare(a, b)));
      for (const [key, values, repeats = [1]] of lines) {
        expect(values).toEqual([1]);
        words.push(`${key} ${repeats[0]}`);
      }
    }
    expect(words.sort()).toEqual(sortedOutput(place.directory).sort());
    expect(place.files().filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("tells a late worker how the job ended, or the worker finds no coordinator", async ({ place }) => {
    place.write("in.txt", "ab");
    const coordinator = place.start("mr-coordinator", ["-r", "1", "in.txt"]);
    await coordinator.says("listening at");
    // It sends nothing, and may be a worker that is about to register.
    const answer = talk(place, "");
    await place.succeed("mr-worker", ["wc"]);
    expect(await coordinator.exit()).toMatchObject({ code: 0 });
    expect(JSON.parse(await answer)).toMatchObject({ method: "Shutdown", params: { outcome: "done" } });
  });
});

describe.concurrent("the output", () => {
  test("with --json is one report on standard output and nothing else", async ({ place }) => {
    place.write("in.txt", "to be or to");
    place.write("other.txt", "be");
    const given = ["--json", "-r", "3", "-o", "out"];
    const run = await place.succeed("mr", ["run", ...given, "wc", "in.txt", "other.txt"]);
    const pair = await place.pair("wc", ["in.txt", "other.txt"], given);
    for (const { stdout } of [run, pair]) {
      expect(JSON.parse(stdout)).toMatchObject({
        phase: "done",
        app: { name: "wc.js", input: "text" },
        maps: { total: 2, completed: 2 },
        reduces: { total: 3, completed: 3 },
        map: { recordsIn: 2, recordsOut: 5, bytesIn: 13, counters: {} },
        reduce: { recordsIn: 5, recordsOut: 3 },
        attempts: { failed: 0, crashed: 0, backup: 0 },
        directory: join(place.directory, "out"),
        outputs: ["mr-out-0", "mr-out-1", "mr-out-2"],
      });
    }
  });

  test("with --json of a job that failed is a report as well", async ({ place }) => {
    place.write("in.txt", "");
    place.write("app.mjs", `export const map = () => { throw new Error("no"); }; export const reduce = () => 1;`);
    const { code, stdout } = await place.run("mr", ["run", "--json", "app.mjs", "in.txt"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ phase: "failed", attempts: { failed: 4 }, outputs: [] });
  });

  test("with --quiet is empty when nothing goes wrong", async ({ place }) => {
    place.write("in.txt", "to be");
    place.write("out/mr-0-0", "of an earlier job");
    const nothing: Partial<Ended> = { code: 0, stdout: "", stderr: "" };
    expect(await place.run("mr", ["run", "-q", "-o", "out", "wc", "in.txt"])).toMatchObject(nothing);
    expect(await place.run("mr", ["sequential", "--quiet", "wc", "in.txt"])).toMatchObject(nothing);
    const coordinator = place.start("mr-coordinator", ["--quiet", "-o", "out", "in.txt"]);
    expect(await place.run("mr-worker", ["--quiet", "wc"])).toMatchObject(nothing);
    expect(await coordinator.exit()).toMatchObject(nothing);
  });

  test("with --quiet and --json is only the report", async ({ place }) => {
    place.write("in.txt", "to be");
    const { stdout, stderr } = await place.succeed("mr", ["run", "--quiet", "--json", "wc", "in.txt"]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ phase: "done" });
  });

  test("by an app with console.log does not get into the report", async ({ place }) => {
    place.write("in.txt", "to be");
    place.write(
      "app.mjs",
      `export const map = () => console.log("hello from map"); export const reduce = () => console.log("x");`,
    );
    const { stdout, stderr } = await place.succeed("mr", ["run", "--json", "app.mjs", "in.txt"]);
    expect(JSON.parse(stdout)).toMatchObject({ phase: "done" });
    expect(stderr).toContain("hello from map");
  });

  test("names the output relative to the current directory", async ({ place }) => {
    place.write("in.txt", "to be");
    mkdirSync(join(place.directory, "sub"));
    const { stderr } = await place.succeed("mr", ["run", "-r", "3", "-o", "sub/out", "wc", "in.txt"]);
    expect(stderr).toContain("to sub/out/mr-out-0 … mr-out-2");
    const other = await place.succeed("mr", ["sequential", "-r", "1", "wc", "../in.txt", "-o", "."], {
      cwd: join(place.directory, "sub"),
    });
    expect(other.stderr).toContain("to mr-out-0\n");
  });
});

/** Starts a coordinator and one worker whose map waits. `finish` lets it continue, and expects the right answer. */
async function startGatedJob(place: Place, args: string[] = [], ofWorker: string[] = []) {
  const app = writeStuckApp(place, "kind === 'map'");
  const ofJob = ofWorker.length === 0 ? ["--arg", "how=gate", ...args] : args;
  const coordinator: Program = place.start("mr-coordinator", ["-r", "1", ...ofJob, place.write("in.txt", "ab")]);
  const worker = place.start("mr-worker", ["--quiet", app, ...ofWorker]);
  await stuckIn(place);
  const finish = async () => {
    place.write("go", "");
    const { code, stderr } = await coordinator.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(stderr).not.toMatch(/internal|lost|died|presumed/);
    expect(place.read("mr-out-0")).toBe("a 1\nb 1\n");
    expect(await worker.exit()).toMatchObject({ code: 0, stderr: "" });
    expect(begun(place)).toHaveLength(1);
  };
  return { coordinator, worker, finish };
}

/**
 * Sends something to the socket, and returns the first line that comes back; an empty one when the connection closes.
 */
function talk(place: Place, text: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(place.socket);
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
    socket.setEncoding("utf8").on("data", (data: string) => {
      answer += data;
      if (answer.includes("\n")) socket.destroy();
    });
    if (text.length > 0) socket.write(text);
  });
}
