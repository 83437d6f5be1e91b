/** Jobs whose `map` fetches from a server: several records in flight in each attempt. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { sortedOutput } from "./oracle.js";
import { linesOf, test, until, type Place } from "./programs.js";

/** A server that answers after 50 ms, or never, and counts. Each test has paths of its own, which begin with its name. */
class SlowServer {
  readonly #server: Server;
  readonly #counts = new Map<string, { now: number; peak: number; total: number; cut: number }>();

  constructor() {
    this.#server = createServer((request, response) => {
      const [, name = "", what = ""] = (request.url ?? "").split("/");
      const counts = this.counts(name);
      counts.now += 1;
      counts.total += 1;
      counts.peak = Math.max(counts.peak, counts.now);
      response.on("close", () => {
        counts.now -= 1;
        if (!response.writableFinished) counts.cut += 1;
      });
      if (what.startsWith("never")) return;
      setTimeout(() => response.writeHead(what.startsWith("gone") ? 404 : 200).end(`${what} is here\n`), 50);
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  counts(name: string) {
    const found = this.#counts.get(name) ?? { now: 0, peak: 0, total: 0, cut: 0 };
    this.#counts.set(name, found);
    return found;
  }

  /** URLs of a test. */
  urls(name: string, whats: readonly string[]): string {
    const { port } = this.#server.address() as AddressInfo;
    return whats.map((what) => `http://127.0.0.1:${port}/${name}/${what}\n`).join("");
  }
}

const server = new SlowServer();
beforeAll(() => server.listen());
afterAll(() => server.close());

const pages = (count: number) => Array.from({ length: count }, (_, n) => `page-${n}`);

function writeFetchApp(place: Place, exports = "export const concurrency = 20;"): string {
  return place.write(
    "fetch.mjs",
    `export const input = "lines";
    ${exports}
    export async function map(file, url, ctx) {
      const path = new URL(url).pathname.split("/").at(-1);
      ctx.emit("asked", path);
      const response = await fetch(url, { signal: ctx.signal });
      if (!response.ok) throw new Error(path + ": status " + response.status);
      ctx.emit(path, (await response.text()).trim());
      ctx.counter("fetched").add();
    }
    export const reduce = (key, values) => values.join(" ");`,
  );
}

/** The bytes of each output file. */
function outputs(place: Place, directory: string): string[] {
  const names = place.files(directory).filter((name) => /\/mr-out-\d+$/.test(name));
  expect(names.length).toBeGreaterThan(0);
  return names.map((name) => place.read(name));
}

function expected(whats: readonly string[]): string[] {
  return [`asked ${whats.join(" ")}`, ...whats.map((what) => `${what} ${what} is here`)].sort();
}

describe.concurrent("records in flight", () => {
  test("are as many as the app says, and the output has the bytes that it has with one at a time", async ({
    place,
  }) => {
    const whats = pages(400);
    const app = writeFetchApp(place);
    const inputs = [
      place.write("urls.txt", server.urls("many", whats)),
      place.write("one.txt", server.urls("one", pages(8))),
    ];
    await place.succeed("mr", ["run", "-r", "3", "-o", "many", "-w", "1", app, inputs[0] ?? ""]);
    expect(server.counts("many")).toMatchObject({ peak: 20, total: 400 });
    expect(sortedOutput(join(place.directory, "many"))).toEqual(expected(whats));

    const eight = ["-r", "3", app, inputs[1] ?? ""];
    await place.succeed("mr", ["run", "-o", "eight", "--backup-tasks", "off", ...eight]);
    await place.succeed("mr", ["run", "-o", "one", "--backup-tasks", "off", "--map-concurrency", "1", ...eight]);
    expect(outputs(place, "eight")).toEqual(outputs(place, "one"));
    expect(server.counts("one")).toMatchObject({ peak: 8, total: 16 });
  });

  test("are as many in mr-worker, mr sequential and mr pipeline, and as --map-concurrency says", async ({ place }) => {
    const whats = pages(30);
    const app = writeFetchApp(place, "");
    const outputsOf = async (name: string, run: (input: string) => Promise<unknown>) => {
      await run(place.write(`${name}.txt`, server.urls(name, whats)));
      expect(server.counts(name), name).toMatchObject({ peak: 6, total: 30 });
      return outputs(place, name);
    };
    const given = ["--map-concurrency", "6", "-r", "2"];
    const ofPair = await outputsOf("pair", (input) => place.pair(app, [input], [...given, "-o", "pair"], 1));
    const others = [
      await outputsOf("run", (input) => place.succeed("mr", ["run", ...given, "-o", "run", app, input])),
      await outputsOf("seq", (input) => place.succeed("mr", ["sequential", ...given, "-o", "seq", app, input])),
      await outputsOf("pipe", (input) =>
        place.succeed("mr", ["pipeline", app, ...given, "-o", "pipe", "--input", input]),
      ),
    ];
    for (const other of others) expect(other).toEqual(ofPair);
  });

  test("are left out when they fail, those and no others, and are replayed", async ({ place }) => {
    const whats = pages(60);
    for (const n of [3, 4, 31, 59]) whats[n] = `gone-${n}`;
    const app = writeFetchApp(place);
    const input = place.write("urls.txt", server.urls("bad", whats));
    const options = ["-r", "1", "--skip-bad-records", "4"];
    const ended = await place.succeed("mr", ["run", ...options, app, input]);
    const good = whats.filter((what) => !what.startsWith("gone"));
    expect(sortedOutput(join(place.directory, "mr-output"))).toEqual(expected(good));
    expect(ended.stderr).toContain("left out 4 bad records: mr-output/mr-bad-records.jsonl");
    const kept = linesOf(place.read("mr-output/mr-bad-records.jsonl")).map(
      (line) => JSON.parse(line) as { text: string; error: { message: string } },
    );
    expect(kept.map(({ text, error }) => [text.trim().split("/").at(-1), error.message])).toEqual(
      [3, 4, 31, 59].map((n) => [`gone-${n}`, `Error: gone-${n}: status 404`]),
    );
    const replayed = await place.run("mr", ["replay-bad-records", app]);
    expect(replayed.code).toBe(1);
    expect(replayed.stdout.match(/failed: Error: gone-\d+: status 404/g)).toHaveLength(4);
  });

  test("that fail are told by the first of them in the input", async ({ place }) => {
    const whats = pages(30);
    whats[12] = "gone-12";
    whats[5] = "gone-5";
    const app = writeFetchApp(place);
    const input = place.write("urls.txt", server.urls("first", whats));
    const { code, stderr } = await place.run("mr", ["run", "--max-attempts", "1", app, input]);
    expect(code).toBe(1);
    expect(stderr).toContain("gone-5: status 404");
    expect(stderr).not.toContain("gone-12");
    const offset = server.urls("first", whats.slice(0, 5)).length;
    expect(stderr).toContain(`at the record that begins at byte ${offset} of ${input}`);
  });

  for (const [what, atPoison, options] of [
    ["hangs", "await new Promise((resolve) => setTimeout(resolve, 1e9, ctx))", ["--attempt-timeout", "1s"]],
    ["ends the process after a while", "setTimeout(() => process.exit(3)), await wait()", []],
    ["throws in a callback", "setTimeout(() => { throw new Error('boom') }), await wait()", []],
  ] as const) {
    test(`are found out one by one when one of them ${what}`, async ({ place }) => {
      const app = place.write(
        "app.mjs",
        `export const input = "lines";
        export const concurrency = 8;
        const wait = () => new Promise((resolve) => setTimeout(resolve, 10));
        export async function map(file, line, ctx) {
          await wait();
          if (line.includes("poison")) { ${atPoison}; }
          await wait();
          ctx.emit(line, 1);
        }
        export const reduce = (line, ones) => ones.length;`,
      );
      const lines = Array.from({ length: 30 }, (_, n) => (n === 17 ? "poison" : `line ${n}`));
      const input = place.write("in.txt", `${lines.join("\n")}\n`);
      const given = ["run", "-w", "1", "-r", "1", "--skip-bad-records", "1", ...options, app, input];
      await place.succeed("mr", given);
      const good = lines.filter((line) => line !== "poison");
      expect(sortedOutput(join(place.directory, "mr-output"))).toEqual(good.map((line) => `${line} 1`).sort());
      const [kept = ""] = linesOf(place.read("mr-output/mr-bad-records.jsonl"));
      expect(JSON.parse(kept)).toMatchObject({ text: "poison\n" });
    });
  }

  test("are spread over ranges of keys as with one at a time, by a sample in which some fail", async ({ place }) => {
    const app = place.write(
      "range.mjs",
      `export const input = "lines";
      export const concurrency = 9;
      export async function map(file, line, ctx) {
        ctx.emit(line.slice(-4) + " begins", 1);
        await new Promise((resolve) => setTimeout(resolve, line.length % 5));
        if (line.startsWith("bad")) throw new Error("bad");
        ctx.emit(line.slice(-4), 1);
      }
      export const reduce = (line, ones) => ones.length;`,
    );
    const lines = Array.from(
      { length: 2000 },
      (_, n) => `${n % 997 === 500 ? "bad" : "ok".repeat(n % 3)} ${(n * 7919) % 9000}`,
    );
    const input = place.write("in.txt", `${lines.join("\n")}\n`);
    const given = ["-r", "4", "--partitioner", "range", "--skip-bad-records", "3", "--backup-tasks", "off"];
    await place.succeed("mr", ["run", ...given, "-o", "many", app, input]);
    await place.succeed("mr", ["run", ...given, "-o", "one", "--map-concurrency", "1", app, input]);
    expect(outputs(place, "many")).toHaveLength(4);
    expect(outputs(place, "many")).toEqual(outputs(place, "one"));
  });

  test("are of several small files that share a map task, each with its own name and place", async ({ place }) => {
    const app = place.write(
      "files.mjs",
      `export const input = process.env.INPUT;
      export const concurrency = 8;
      let [now, peak] = [0, 0];
      export async function map(file, text, ctx) {
        peak = Math.max(peak, ++now);
        try {
          await new Promise((resolve) => setTimeout(resolve, text.length % 7));
          if (text.includes("poison")) throw new Error("poison in " + file);
          ctx.emit("seen", [file, ctx.filename, ctx.offset, text]);
          ctx.emit(file, 1);
        } finally {
          now--;
        }
      }
      export function teardown(ctx) { if (ctx.kind === "map" && peak > 1) ctx.counter("overlapping").add(); }
      export const reduce = (key, values) => values.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));`,
    );
    const contents = Array.from({ length: 60 }, (_, n) => (n % 9 === 0 ? "" : `${"x".repeat(n)}\nline two of ${n}\n`));
    contents[20] = "good\npoison\nalso good\n";
    contents[41] = "poison\n";
    const files = contents.map((text, n) => place.write(`in/${String(n).padStart(2, "0")}.txt`, text));
    for (const input of ["lines", "file"]) {
      const env = { INPUT: input };
      const given = ["run", "-w", "1", "-r", "2", "--skip-bad-records", "2"];
      const ended = await place.succeed("mr", [...given, "-o", `${input}-many`, app, ...files], { env });
      expect(ended.stderr).toMatch(/^ {2}overlapping = [1-9]/m);
      expect(ended.stderr).toContain("left out 2 bad records");
      const one = ["--map-concurrency", "1", "--no-group", "-o", `${input}-one`];
      await place.succeed("mr", [...given, ...one, app, ...files], { env });
      expect(outputs(place, `${input}-many`)).toEqual(outputs(place, `${input}-one`));
      const bad = (directory: string) =>
        linesOf(place.read(`${directory}/mr-bad-records.jsonl`)).map((line) => {
          const { file, offset, text, error } = JSON.parse(line) as Record<string, { message: string }>;
          return { file, offset, text, message: error?.message };
        });
      expect(bad(`${input}-many`)).toEqual(bad(`${input}-one`));
      expect(bad(`${input}-many`)).toMatchObject([
        { file: "in/20.txt", message: "Error: poison in in/20.txt" },
        { file: "in/41.txt", offset: 0 },
      ]);
    }
  });

  test("are given up at Ctrl-C in mr sequential, too", async ({ place }) => {
    const app = writeFetchApp(place);
    const urls = server.urls(
      "never-seq",
      Array.from({ length: 50 }, (_, n) => `never-${n}`),
    );
    const run = place.start("mr", ["sequential", "-o", "out", app, place.write("urls.txt", urls)]);
    await until(
      () => server.counts("never-seq").now === 20,
      () => "20 requests to be in flight",
    );
    run.signalGroup("SIGINT");
    const { code, signal } = await run.exit();
    expect([code, signal]).not.toEqual([0, null]);
    await until(
      () => server.counts("never-seq").now === 0,
      () => "the connections to close",
    );
    expect(server.counts("never-seq")).toMatchObject({ total: 20, cut: 20 });
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`are given up at ${signal}: the server sees the connections close, and nothing is left`, async ({ place }) => {
      const name = `never-${signal}`;
      const app = writeFetchApp(place);
      const input = place.write(
        "urls.txt",
        server.urls(
          name,
          Array.from({ length: 50 }, (_, n) => `never-${n}`),
        ),
      );
      const run = place.start("mr", ["run", "-w", "1", "--drain-timeout", "200ms", "-o", "out", app, input]);
      await until(
        () => server.counts(name).now === 20,
        () => "20 requests to be in flight",
      );
      run.signalGroup(signal);
      expect((await run.exit()).code).toBe(signal === "SIGINT" ? 130 : 143);
      await until(
        () => server.counts(name).now === 0,
        () => "the connections to close",
      );
      expect(server.counts(name)).toMatchObject({ total: 20, cut: 20 });
      // No process and no file is left: see `Place.expectTidy`.
      expect(place.exists("out/mr-out-0")).toBe(false);
    });
  }

  test("begin at the rate that is given, in all workers together", async ({ place }) => {
    const whats = pages(40);
    const app = writeFetchApp(place, "export const concurrency = 20; export const ratePerSecond = 10000;");
    const inputs = ["a", "b", "c"].map((name) => place.write(`${name}.txt`, server.urls("rate", whats)));
    const given = ["--rate-per-second", "200", "-r", "1", "--backup-tasks", "off"];
    await place.pair(app, inputs, [...given, "-o", "paced"]);
    await place.succeed("mr", ["run", "-r", "1", "--backup-tasks", "off", "-o", "free", app, ...inputs]);
    expect(sortedOutput(join(place.directory, "paced"))).toEqual(sortedOutput(join(place.directory, "free")));
    expect(server.counts("rate").total).toBe(240);
  });

  test("are refused when there can be no such number of them", async ({ place }) => {
    const app = writeFetchApp(place, `export const concurrency = "20";`);
    const input = place.write("urls.txt", "");
    const { code, stderr } = await place.run("mr", ["run", app, input]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(
      /fetch\.mjs: export concurrency must be a whole number from 1 to 1000, the calls of map in flight at once, and is "20"$/m,
    );
    for (const [option, value, text] of [
      ["--map-concurrency", "0", "It must be a whole number from 1 to 1000."],
      ["--map-concurrency", "many", "It must be a whole number from 1 to 1000."],
      ["--rate-per-second", "0", "It must be a number above 0 and up to 1000000, such as 50 or 0.5."],
      ["--rate-per-second", "-1", "It must be a number above 0"],
    ] as const) {
      const refused = await place.run("mr", ["run", option, value, "wc", input]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(text);
    }
  });
});
