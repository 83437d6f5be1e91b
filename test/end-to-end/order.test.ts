/** Everything that is sorted: consecutive outputs (`--partitioner range`), the values of a key, the keys of a group. */
import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { inByteOrder, partitions } from "./oracle.js";
import { expectRefusal, linesOf, test, until, type Place } from "./programs.js";

/** Sorts lines. The key in an output line is followed by a bar, so that a line may be empty or end in spaces. */
const sortApp = `
  export const input = "text";
  export function mapBytes(_, text, ctx) {
    for (let start = 0; start < text.length; ) {
      const newline = text.indexOf(10, start);
      const end = newline < 0 ? text.length : newline;
      ctx.emitBytes(text, start, end, "|");
      start = end + 1;
    }
  }
  export function reduceStream(line, bars, ctx) {
    for (const bar of bars) ctx.emit(line, bar);
  }`;

/** Pseudo-random numbers, the same each time (Lehmer). */
function* random(): Generator<number, never> {
  for (let state = 1; ;) yield (state = (state * 48271) % 2147483647);
}

/** Lines of all lengths. Most begin with one of a few letters. */
function randomLines(count: number): string[] {
  const letters = Array.from("aaaaaaaabbbcdé λz🐋\uffff\t!");
  const numbers = random();
  const next = (below: number) => numbers.next().value % below;
  return Array.from({ length: count }, () =>
    Array.from({ length: next(5) === 0 ? next(60) : next(12) }, () => letters[next(letters.length)] ?? "").join(""),
  );
}

/** The lines of all output files in turn, ordered by file number. */
function concatenated(place: Place, directory = "mr-output"): string[] {
  const files = Object.entries(partitions(`${place.directory}/${directory}`));
  const inOrder = files.sort(([a], [b]) => Number(a.slice("mr-out-".length)) - Number(b.slice("mr-out-".length)));
  return inOrder.flatMap(([, bytes]) => linesOf(bytes.toString())).map((line) => line.slice(0, -" |".length));
}

function sortedBySort(place: Place, file: string): string[] {
  const env = { LC_ALL: "C", PATH: process.env["PATH"] ?? "" };
  return linesOf(execFileSync("sort", [file], { cwd: place.directory, env, maxBuffer: 2 ** 28 }).toString());
}

describe.concurrent("partitions that are ranges of keys", () => {
  test("are sorted one after another, as by sort, and about equal", async ({ place }) => {
    place.write("app.mjs", sortApp);
    place.write("in.txt", `${randomLines(80_000).join("\n")}\n`);
    await place.succeed("mr", [
      "run",
      "--partitioner",
      "range",
      "-r",
      "12",
      "--split-size",
      "256KiB",
      "app.mjs",
      "in.txt",
    ]);
    const sorted = concatenated(place);
    expect(sorted).toEqual(sortedBySort(place, "in.txt"));
    const sizes = Object.values(partitions(`${place.directory}/mr-output`)).map(
      (bytes) => linesOf(bytes.toString()).length,
    );
    expect(sizes.length).toBe(12);
    // The empty line occurs often enough to fill a partition by itself.
    expect(Math.max(...sizes.slice(1))).toBeLessThan((2 * sorted.length) / 12);
  });

  test("are the same in one process and with a coordinator and workers, wherever files are cut", async ({ place }) => {
    place.write("app.mjs", sortApp);
    place.write("in.txt", randomLines(20_000).join("\n"));
    place.write("other.txt", randomLines(3000).toSorted().join("\n"));
    const given = ["--partitioner", "range", "-r", "5"];
    await place.succeed("mr", ["sequential", ...given, "-o", "expected", "app.mjs", "in.txt", "other.txt"]);
    await place.pair("app.mjs", ["in.txt", "other.txt"], [...given, "--split-size", "32KiB", "-o", "mr-output"]);
    expect(partitions(`${place.directory}/mr-output`)).toEqual(partitions(`${place.directory}/expected`));
  });

  for (const [what, lines, filled] of [
    ["few distinct keys", Array.from({ length: 3000 }, (_, n) => `k${n % 3}`), 3],
    ["one key", ["one", "one", "one"], 1],
    ["no line", [], 0],
  ] as const) {
    test(`are enough for ${what}, and some are empty`, async ({ place }) => {
      place.write("app.mjs", sortApp);
      place.write("in.txt", lines.map((line) => `${line}\n`).join(""));
      await place.succeed("mr", ["run", "--partitioner", "range", "-r", "11", "app.mjs", "in.txt"]);
      expect(concatenated(place)).toEqual(lines.toSorted());
      const files = Object.values(partitions(`${place.directory}/mr-output`));
      expect([files.length, files.filter((bytes) => bytes.length > 0).length]).toEqual([11, filled]);
    });
  }

  test("are not for an app that has its own partition", async ({ place }) => {
    place.write("app.mjs", `${sortApp}\nexport const partition = () => 0;`);
    place.write("in.txt", "a\n");
    for (const command of ["run", "sequential"]) {
      const ended = await place.run("mr", [command, "--partitioner", "range", "app.mjs", "in.txt"]);
      expect(ended).toMatchObject({ code: 2, stdout: "" });
      expect(linesOf(ended.stderr)).toEqual([
        expect.stringContaining("app.mjs exports partition, which --partitioner range would ignore"),
      ]);
      expect(place.exists("mr-output")).toBe(false);
    }
  });

  test("are not for a job that reduces nothing, unless they come from a config file", async ({ place }) => {
    place.write("app.mjs", sortApp);
    place.write("in.txt", "a\n");
    const job = ["-r", "0", "--partitioner", "range"];
    for (const ended of [
      await place.run("mr", ["run", ...job, "app.mjs", "in.txt"]),
      await place.run("mr", ["sequential", ...job, "app.mjs", "in.txt"]),
      await place.run("mr-coordinator", [...job, "-o", "mr-output", "in.txt"]),
    ]) {
      expectRefusal(ended, "--partitioner range needs reduce tasks");
    }
    expect(place.exists("mr-output")).toBe(false);
    place.write("mr.config.json", JSON.stringify({ partitioner: "range" }));
    await place.succeed("mr", ["run", "-r", "0", "app.mjs", "in.txt"]);
    expect(JSON.parse(place.read("mr-output/mr-manifest.json"))).not.toHaveProperty("options.partitioner");
  });

  test("are computed although workers die and records are bad while samples are taken", async ({ place }) => {
    const app = `
      import { existsSync, writeFileSync } from "node:fs";
      export const input = "lines";
      export function map(_, line, ctx) {
        if (line === "dies" && !existsSync("died")) {
          writeFileSync("died", "");
          process.kill(process.pid, "SIGKILL");
        }
        if (line === "bad") throw new Error("a bad record");
        ctx.emit(line, "|");
      }
      export const reduce = (line, [bar]) => bar;`;
    place.write("app.mjs", app);
    const lines = Array.from({ length: 2000 }, (_, n) => `line ${(n * 7919) % 2000}`);
    place.write("in.txt", [...lines.slice(0, 1000), "dies", ...lines.slice(1000), "bad", ""].join("\n"));
    const given = ["--partitioner", "range", "-r", "3", "--skip-bad-records", "1"];
    await place.succeed("mr", ["run", ...given, "app.mjs", "in.txt"]);
    expect(place.exists("died")).toBe(true);
    expect(concatenated(place)).toEqual(inByteOrder([...lines, "dies"]));
    expect(linesOf(place.read("mr-output/mr-bad-records.jsonl")).length).toBe(1);
  });

  test("stay the same when the job is killed and resumed", async ({ place }) => {
    const app = `
      import { existsSync, writeFileSync } from "node:fs";
      export const input = "lines";
      export function map(_, line, ctx) {
        // Another sample would be another one of keys.
        ctx.emit(existsSync("waits") && !existsSync("sampled") ? line + "!" : line, "|");
      }
      export function reduce(line, [bar], ctx) {
        if (!existsSync("go")) writeFileSync("waits", "");
        while (ctx.task === 1 && !existsSync("go")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
        return bar;
      }`;
    place.write("app.mjs", app);
    place.write("in.txt", Array.from({ length: 500 }, (_, n) => `${n}`).join("\n"));
    const args = ["run", "-w", "1", "-o", "out", "-r", "3", "app.mjs", "in.txt"];
    const killed = place.start("mr", [...args, "--partitioner", "range"]);
    await until(
      () => place.exists("waits") && place.files("out").some((name) => name.endsWith("-mr-out-0")),
      () => "the second reduce to begin",
    );
    killed.signalGroup("SIGKILL");
    await killed.exit();
    const refused = await place.run("mr", [...args, "--resume"]);
    expectRefusal(refused, /it had --partitioner range, but this one has --partitioner hash/);
    place.write("go", "");
    await place.succeed("mr", [...args, "--resume", "--partitioner", "range"]);
    expect(concatenated(place, "out")).toEqual(inByteOrder(Array.from({ length: 500 }, (_, n) => `${n}`)));
  });
});

describe.concurrent("values that are sorted", () => {
  const numbers = random();
  const events = Array.from({ length: 1500 }, (_, n) => ({
    user: `user ${(numbers.next().value % 7) - 3}`,
    time: (numbers.next().value % 20_000) / 8 - 500,
    n,
  }));
  const input = events.map(({ user, time, n }) => `${user},${time},${n}\n`).join("");
  const byTime = (user: string) =>
    events.filter((event) => event.user === user).sort((a, b) => a.time - b.time || a.n - b.n);
  const users = [...new Set(events.map(({ user }) => user))];

  for (const reduce of [
    "export const reduce = (user, events) => events.map(({ time }) => time);",
    "export const reduceStream = (user, events) => [...events].map(({ time }) => time);",
  ]) {
    test(`are given to ${reduce.split(" ")[2]} in the order of what the app sorts by, of all map tasks`, async ({
      place,
    }) => {
      const app = `
        export const input = "lines";
        export function map(_, line, ctx) {
          const [user, time, n] = line.split(",");
          ctx.emit(user, { time: Number(time), n });
        }
        export const sortValues = ({ time }) => time;
        ${reduce}`;
      place.write("app.mjs", app);
      place.write("events.csv", input);
      await place.succeed("mr", ["run", "--split-size", "8KiB", "-r", "3", "app.mjs", "events.csv"]);
      const lines = Object.values(partitions(`${place.directory}/mr-output`)).flatMap((bytes) =>
        linesOf(bytes.toString()),
      );
      const expected = users.map((user) => `${user} ${JSON.stringify(byTime(user).map(({ time }) => time))}`);
      expect(lines.sort()).toEqual(expected.sort());
    });
  }

  test("may belong to a group of keys, and come in the order of the keys", async ({ place }) => {
    const app = `
      export const input = "lines";
      export function map(_, line, ctx) {
        const [user, time, n] = line.split(",");
        ctx.emit(user + "/" + String((Number(time) + 1000) * 8).padStart(12, "0"), n);
      }
      export const groupKey = (key) => key.slice(0, key.indexOf("/"));
      export const sortValues = (n) => Number(n);
      export const reduceStream = (user, numbers) => [...numbers].join();`;
    place.write("app.mjs", app);
    place.write("events.csv", input);
    const given = ["--partitioner", "range", "-r", "3", "app.mjs", "events.csv"];
    await place.succeed("mr", ["run", "--split-size", "8KiB", ...given]);
    await place.succeed("mr", ["sequential", "-o", "expected", ...given]);
    const files = partitions(`${place.directory}/mr-output`);
    expect(files).toEqual(partitions(`${place.directory}/expected`));
    const lines = ["mr-out-0", "mr-out-1", "mr-out-2"].flatMap((name) => linesOf(files[name]?.toString() ?? ""));
    expect(lines).toEqual(
      users.sort().map(
        (user) =>
          `${user} ${byTime(user)
            .map(({ n }) => n)
            .join()}`,
      ),
    );
  });

  test("are refused when the app does not say by what, in one line", async ({ place }) => {
    place.write("in.txt", "a\n");
    const app = (sortValues: string) => `
      export const map = (_, text, ctx) => ctx.emit("k", text);
      export const sortValues = ${sortValues};
      export const reduce = () => "";`;
    place.write("wrong.mjs", app('"time"'));
    const refused = await place.run("mr", ["run", "wrong.mjs", "in.txt"]);
    expectRefusal(refused, /export sortValues must be true, false or a function, but is /);
    place.write("nan.mjs", app("() => NaN"));
    const failed = await place.run("mr", ["run", "nan.mjs", "in.txt"]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      'sortValues: returned NaN for a value of key "k"; it must return a string or a number',
    );
  });
});
