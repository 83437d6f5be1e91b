import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect } from "vitest";
import { invalidParamsCode, RefusedError } from "../../src/rpc/errors.js";
import type { ReduceInput } from "../../src/model/assignment.js";
import { stagedIn, test, until, type Place, type StartOptions } from "../end-to-end/programs.js";
import { FakeCoordinator } from "./fake-coordinator.js";

const map = `export const map = (name, text, ctx) => ctx.emit("a", 1);`;
const reduce = `export const reduce = (key, values) => values.length;`;

interface Settings {
  readonly job?: Parameters<typeof FakeCoordinator.start>[1];
  readonly inputs?: ReduceInput[];
  readonly options?: StartOptions;
}

/** A coordinator with one worker that runs an app with this source. */
async function start(place: Place, source: string, { job, inputs, options }: Settings = {}) {
  place.write("app.mjs", source);
  place.write("in.txt", "first\nsecond\nthird\n");
  const coordinator = await FakeCoordinator.start(place, job, inputs);
  const worker = place.start("mr-worker", ["--quiet", "app.mjs"], options);
  const end = async () => {
    await coordinator.end({ says: true });
    expect(await worker.exit()).toMatchObject({ code: 0 });
  };
  return { coordinator, worker, end };
}

/** The intermediate files of maps 0, 1, 2, … for partition 0, and the inputs of a reduce that they form. */
function writeInputs(place: Place, count: number): ReduceInput[] {
  return Array.from({ length: count }, (_, index) => {
    const text = `["key${index}",[1]]\n`;
    place.write(`out/mr-${index}-0`, text);
    return [index, 1, Buffer.byteLength(text), crc32(text)];
  });
}

function makePipe(path: string): void {
  expect(shell("mkfifo", path)).toBe(0);
}

function shell(command: string, path: string): number | null {
  return spawnSync("/bin/sh", ["-c", `${command} "$0"`, path]).status;
}

describe.concurrent("the failure of an attempt is reported by class", () => {
  for (const [what, { source, says, className = "error" }] of Object.entries<{
    source: string;
    says: RegExp;
    className?: string;
  }>({
    "map throws": { source: `export const map = () => { throw new RangeError("no"); };`, says: /^RangeError: no$/ },
    "map rejects": { source: `export const map = async () => { throw { code: 7 }; };`, says: /code: 7/ },
    "its error has a stack and a message that are objects": {
      source: `export const map = () => { throw Object.assign(new Error(), { stack: [1], message: { is: "odd" } }); };`,
      says: /^Error: \{ is: 'odd' \}$/,
    },
    "nobody awaits a rejection": {
      source: `export const map = () => { Promise.reject(new Error("lost")); return new Promise(() => setInterval(() => 0, 1000)); };`,
      says: /^Error: lost$/,
    },
    "a callback throws": {
      source: `export const map = () => new Promise(() => setTimeout(() => { throw new Error("in a timer"); }));`,
      says: /^Error: in a timer$/,
    },
    "the app cannot read a file of its own": {
      source: `import { readFileSync } from "node:fs"; export const map = () => { readFileSync("no-such-file"); };`,
      says: /ENOENT.*no-such-file/,
    },
    "the app awaits a file of its own in vain": {
      source: `import { readFile } from "node:fs/promises"; export const map = async () => { await readFile("no-such-file"); };`,
      says: /ENOENT.*no-such-file/,
    },
    "the app hands on a file of its own in vain": {
      source: `import { readFile } from "node:fs/promises"; export const map = () => readFile("no-such-file");`,
      says: /ENOENT.*no-such-file/,
    },
    "a synchronous map leaves a rejection behind": {
      source: `export const map = () => { Promise.reject(new Error("left behind")); };`,
      says: /^Error: left behind$/,
    },
    "the app ends its thread": {
      source: `export const map = () => process.exit(3);`,
      says: /ended with exit code 3 \(does it call process\.exit\?\)/,
      className: "crash",
    },
    "a pair comes too late": {
      source: `export const map = (n, t, ctx) => { setTimeout(() => ctx.emit("late", 1), 20); };`,
      says: /map 0 called ctx\.emit after it had ended/,
      className: "fatal",
    },
    "a pair may come much too late": {
      source: `export const map = (n, t, ctx) => { setTimeout(() => ctx.emit("late", 1), 600_000); };`,
      says: /map 0 has ended, and work that it started goes on \(a timer\)/,
      className: "fatal",
    },
  })) {
    test(`${className}: ${what}`, async ({ place }) => {
      const { coordinator, end } = await start(place, `${source} ${reduce}`);
      coordinator.assignMap(place, "in.txt");
      const failure = await coordinator.failure(1);
      expect(failure).toMatchObject({ class: className, message: expect.stringMatching(says) as string });
      // The next attempt finds a worker that can run it.
      coordinator.assignReduce();
      await coordinator.success(2);
      await end();
      place.leavesFiles = true;
    });
  }

  test("fatal: a pair comes from a timer that keeps no thread alive", async ({ place }) => {
    const late = `setTimeout(() => ctx.emit("late", 1), 500).unref();`;
    const { coordinator, end } = await start(place, `${reduce} export const map = (n, t, ctx) => { ${late} };`);
    coordinator.assignMap(place, "in.txt");
    const message = expect.stringMatching(/map 0 called ctx\.emit after it had ended/) as string;
    expect(await coordinator.failure(1)).toMatchObject({ class: "fatal", message });
    await end();
    place.leavesFiles = true;
  });

  test("not because of what a failed attempt emits later: the next attempt is unaffected", async ({ place }) => {
    const { coordinator, end } = await start(
      place,
      `${reduce} export const map = async (n, t, ctx) => {
        if (ctx.attempt > 1) return void (await new Promise((resolve) => setTimeout(resolve, 200)));
        setTimeout(() => ctx.emit("late", 1), 50);
        throw new Error("no");
      };`,
    );
    coordinator.assignMap(place, "in.txt");
    expect(await coordinator.failure(1)).toMatchObject({ class: "error" });
    coordinator.assignMap(place, "in.txt", 0, 2);
    await coordinator.success(2);
    await end();
    place.leavesFiles = true;
  });

  test("with the offset of the record that was being mapped", async ({ place }) => {
    const { coordinator, end } = await start(
      place,
      `export const input = "lines"; ${reduce}
      export const map = (name, line, ctx) => {
        if (line !== "second") return;
        if (ctx.attempt === 1) throw new Error("no");
        if (ctx.attempt === 2) process.exit(1);
        for (;;);
      };`,
      { job: { attemptTimeoutMs: 300 } },
    );
    for (const attempt of [1, 2, 3]) coordinator.assignMap(place, "in.txt", 0, attempt);
    for (const [times, className] of [
      [1, "error"],
      [2, "crash"],
      [3, "timeout"],
    ] as const) {
      expect(await coordinator.failure(times)).toMatchObject({ class: className, record: 6 });
    }
    await end();
  });

  test("without a record when all were mapped", async ({ place }) => {
    const { coordinator, end } = await start(
      place,
      `export const map = (name, text, ctx) => { ctx.emit("a", 1); ctx.emit("a", 2); }; ${reduce}
      export const combine = () => { throw new Error("cannot combine"); };`,
    );
    coordinator.assignMap(place, "in.txt");
    expect(await coordinator.failure()).not.toHaveProperty("record");
    await end();
  });
});

test("an attempt whose result is malformed has failed, and its files are removed", async ({ place }) => {
  const { coordinator, end } = await start(place, `${map} ${reduce}`);
  coordinator.onCall = (method) => {
    if (method !== "NotifyTaskCompletion" || coordinator.paramsOf(method).length > 1) return;
    throw new RefusedError(invalidParamsCode, "what is this?");
  };
  coordinator.assignMap(place, "in.txt");
  expect(await coordinator.failure(2)).toMatchObject({
    class: "error",
    message: "its result cannot be reported: what is this?",
  });
  expect(place.files("out")).toEqual([]);
  await end();
});

describe.concurrent("an attempt that finishes no record for the attempt timeout", () => {
  for (const [what, source] of Object.entries({
    "an endless loop in map": `export const map = () => { for (;;); }; ${reduce}`,
    "a promise in map that never settles": `export const map = () => new Promise(() => setInterval(() => 0, 1000)); ${reduce}`,
    "an endless loop in reduce": `${map} export const reduce = () => { for (;;); };`,
  })) {
    test(`is ended: ${what}`, async ({ place }) => {
      const inputs = writeInputs(place, 1);
      const { coordinator, end } = await start(place, source, { job: { attemptTimeoutMs: 300 }, inputs });
      if (what.includes("reduce")) coordinator.assignReduce();
      else coordinator.assignMap(place, "in.txt");
      expect(await coordinator.failure()).toMatchObject({
        class: "timeout",
        message: expect.stringMatching(/^the app finished no record for 0\.3s \(an endless loop/) as string,
      });
      expect(place.files("out").filter((name) => name.includes(".mr-tmp"))).toEqual([]);
      await end();
      place.leavesFiles = true;
    });
  }

  test("is not ended while it finishes records", async ({ place }) => {
    const { coordinator, end } = await start(
      place,
      `export const input = "lines"; ${reduce}
      export const map = () => new Promise((resolve) => setTimeout(resolve, 150));`,
      { job: { attemptTimeoutMs: 400 } },
    );
    place.write("in.txt", "line\n".repeat(10));
    coordinator.assignMap(place, "in.txt");
    expect(await coordinator.success()).toMatchObject({ recordsIn: 10 });
    await end();
    place.leavesFiles = true;
  });

  for (const [what, lines] of Object.entries({
    "one line": `["key",[${Array.from({ length: 10 }, (_, n) => n).join()}]]\n`,
    "many lines of one key": Array.from({ length: 10 }, (_, n) => `["key",[${n}]]\n`).join(""),
  })) {
    test(`is not ended as long as values of ${what} are read`, async ({ place }) => {
      place.write("out/mr-0-0", lines);
      const { coordinator, end } = await start(
        place,
        `${map} export async function reduceStream(key, values) {
          let sum = 0;
          for (const value of values) { sum += value; await new Promise((resolve) => setTimeout(resolve, 150)); }
          return sum;
        }`,
        { job: { attemptTimeoutMs: 400 }, inputs: [[0, 1, lines.length, crc32(lines)]] },
      );
      coordinator.assignReduce();
      await coordinator.success();
      expect(place.read(stagedIn(place, "out", "mr-out-0"))).toBe("key 45\n");
      await end();
      place.leavesFiles = true;
    });
  }

  test("does not count time in which the whole worker was stopped", async ({ place }) => {
    const { coordinator, worker, end } = await start(
      place,
      `import { existsSync, writeFileSync } from "node:fs"; ${reduce}
      export async function map() {
        writeFileSync("begun", "");
        while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
      }`,
      { job: { attemptTimeoutMs: 1500 } },
    );
    coordinator.assignMap(place, "in.txt");
    await until(
      () => place.exists("begun"),
      () => "the map",
    );
    worker.signal("SIGSTOP");
    // Longer than the timeout: nothing shows how much time has passed.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    worker.signal("SIGCONT");
    const heartbeats = coordinator.paramsOf("Heartbeat").length;
    await coordinator.heard("Heartbeat", heartbeats + 2);
    place.write("go", "");
    await coordinator.success();
    await end();
  });
});

describe.concurrent("an attempt that takes all memory", () => {
  for (const [what, source] of Object.entries({
    // Linked: an array that grows makes a large allocation, and that can abort the whole process at the limit.
    objects: `let kept; for (let n = 0; ; n++) kept = { key: "key" + n, value: [n], kept };`,
    strings: `let kept; for (let n = 0; ; n++) kept = { text: Buffer.alloc(10_000, n).toString("latin1"), kept };`,
    // They are outside of V8's heap, whose limit does not apply to them.
    Buffers: `const kept = []; for (let n = 0; ; n++) kept.push(Buffer.alloc(1 << 20, n));`,
  })) {
    test(`ends alone, and the worker goes on: ${what}`, async ({ place }) => {
      const env = { NODE_OPTIONS: "--max-old-space-size=64" };
      const { coordinator, worker, end } = await start(place, `export function map() { ${source} } ${reduce}`, {
        options: { env },
      });
      coordinator.assignMap(place, "in.txt");
      expect(await coordinator.failure()).toMatchObject({
        class: "memory",
        message: expect.stringMatching(
          /ran out of memory at byte 0 of in\.txt \(.*its process grew from \d+ MiB to \d+ MiB.*the engine's pairs.*emit pairs.*--split-size/,
        ) as string,
        record: 0,
      });
      expect(worker.isRunning).toBe(true);
      coordinator.assignReduce();
      await coordinator.success(2);
      await end();
      place.leavesFiles = true;
    });
  }
});

describe.concurrent("a file that cannot be read or written", () => {
  test("is reported with its path, as io: a missing input", async ({ place }) => {
    const { coordinator, end } = await start(place, `${map} ${reduce}`);
    coordinator.assignMap(place, "in.txt");
    rmSync(join(place.directory, "in.txt"));
    expect(await coordinator.failure()).toMatchObject({
      class: "io",
      message: expect.stringMatching(/^ENOENT: .*\/in\.txt/) as string,
    });
    await end();
  });

  test("is not opened when it has become a pipe", async ({ place }) => {
    const { coordinator, end } = await start(place, `${map} ${reduce}`);
    coordinator.assignMap(place, "in.txt");
    rmSync(join(place.directory, "in.txt"));
    makePipe(join(place.directory, "in.txt"));
    expect(await coordinator.failure()).toMatchObject({
      class: "fatal",
      message: "cannot read in.txt: it is no longer a regular file",
    });
    await end();
  });

  test("is reported as io: the job's directory cannot be created again", async ({ place }) => {
    place.write("file", "");
    const { coordinator, end } = await start(place, `${map} ${reduce}`, {
      job: { directory: join(place.directory, "file/out") },
    });
    coordinator.assignMap(place, "in.txt");
    coordinator.assignReduce();
    for (const times of [1, 2]) {
      expect(await coordinator.failure(times)).toMatchObject({
        class: "io",
        message: expect.stringMatching(/^ENOTDIR: .*file/) as string,
      });
    }
    await end();
  });

  test("is reported as io: a full disk, with advice", async ({ place }) => {
    const out = join(place.directory, "out");
    mkdirSync(out);
    if (shell("mount -t tmpfs -o size=64k tmpfs", out) !== 0) return; // Only root may.
    try {
      const { coordinator, end } = await start(
        place,
        `export function map(name, text, ctx) { for (let n = 0; n < 100_000; n++) ctx.emit("key" + n, n); } ${reduce}`,
      );
      coordinator.assignMap(place, "in.txt");
      expect(await coordinator.failure()).toMatchObject({
        class: "io",
        message: expect.stringMatching(/^ENOSPC: .*\/out\/\.mr-tmp.*: make room on that disk/) as string,
      });
      expect(place.files("out")).toEqual([]);
      await end();
    } finally {
      shell("umount", out);
    }
  });

  test("does not fail the attempt when the job's directory is gone: it is created again", async ({ place }) => {
    const { coordinator, end } = await start(place, `${map} ${reduce}`);
    coordinator.assignMap(place, "in.txt");
    await coordinator.success();
    rmSync(join(place.directory, "out"), { recursive: true });
    coordinator.assignMap(place, "in.txt", 1);
    await coordinator.success(2);
    expect(place.files("out")).toEqual(["out/mr-1-0"]);
    await end();
    place.leavesFiles = true;
  });

  test("fails the commit, and leaves nothing of it, when the directory disappears just before", async ({ place }) => {
    const { coordinator, end } = await start(place, `${map} ${reduce}`);
    coordinator.onCall = (method) => {
      if (method === "MayCommit") rmSync(join(place.directory, "out"), { recursive: true });
    };
    coordinator.assignMap(place, "in.txt");
    expect(await coordinator.failure()).toMatchObject({
      class: "io",
      message: expect.stringMatching(/^ENOENT: .*mr-0-0/) as string,
    });
    await end();
  });
});

describe.concurrent("a reduce attempt with damaged inputs", () => {
  test("names all inputs that are missing, short or not files at once, and the corrupt one", async ({ place }) => {
    const inputs = writeInputs(place, 6);
    const at = (map: number) => join(place.directory, `out/mr-${map}-0`);
    rmSync(at(1));
    truncateSync(at(2), 3);
    // It leads to the correct file.
    renameSync(at(4), join(place.directory, "elsewhere"));
    symlinkSync(join(place.directory, "elsewhere"), at(4));
    rmSync(at(5));
    mkdirSync(at(5));
    const { coordinator, end } = await start(place, `${map} ${reduce}`, { inputs });
    coordinator.assignReduce();
    const failure = await coordinator.failure();
    expect(failure).toMatchObject({ class: "damaged", message: expect.stringMatching(/mr-1-0 is missing/) as string });
    expect(failure.damaged).toEqual([1, 2, 4, 5].map((map) => [map, 1]));
    expect(place.files("out").filter((name) => name.includes(".mr-tmp"))).toEqual([]);
    await end();
    place.leavesFiles = true;
  });

  for (const [what, spoil] of Object.entries<(path: string) => void>({
    "has another checksum": (path) => writeFileSync(path, `["keyX",[1]]\n`),
    "is a link, even to what it should be": (path) => {
      renameSync(path, `${path}.moved`);
      symlinkSync(`${path}.moved`, path);
    },
    "is a pipe": (path) => {
      rmSync(path);
      makePipe(path);
    },
  })) {
    test(`names the one that ${what}`, async ({ place }) => {
      const inputs = writeInputs(place, 3);
      spoil(join(place.directory, "out/mr-1-0"));
      const { coordinator, end } = await start(place, `${map} ${reduce}`, { inputs });
      coordinator.assignReduce();
      const failure = await coordinator.failure();
      expect(failure).toMatchObject({ class: "damaged", damaged: [[1, 1]] });
      expect(failure.message).toContain("mr-1-0 ");
      await end();
      place.leavesFiles = true;
    });
  }

  test("names the one at whose changed bytes the app has failed, long before its end", async ({ place }) => {
    const lines = Array.from({ length: 20_000 }, (_, n) => `["key ${String(n).padStart(5, "0")}",["ok"]]\n`);
    const text = lines.join("");
    place.write("out/mr-0-0", text.replace('"key 00100",["ok"]', '"key 00100",["no"]'));
    place.write("out/mr-1-0", text);
    const inputs: ReduceInput[] = [0, 1].map((index) => [index, 1, Buffer.byteLength(text), crc32(text)]);
    const strict = `export const reduce = (key, values) => {
      if (values.some((value) => value !== "ok")) throw new Error("an odd value");
    };`;
    const { coordinator, end } = await start(place, `${map} ${strict}`, { inputs });
    coordinator.assignReduce();
    const failure = await coordinator.failure();
    expect(failure).toMatchObject({ class: "damaged", damaged: [[0, 1]] });
    expect(failure.message).toMatch(/mr-0-0 is damaged: wrong checksum$/);
    await end();
    place.leavesFiles = true;
  });
});
