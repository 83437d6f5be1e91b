/** Full disks, directories that become unwritable, and intermediate files that have changed. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { SmallDisk, whyNoSmallDisk } from "../support/small-disk.js";
import { attemptsOf, called, calls, outputOf, writeLoggedApp } from "./logged-app.js";
import { linesOf, stagedIn, test as placeTest, type Ended, type Place, type Program } from "./programs.js";

const diskKiB = 8 * 1024;

/** A test with a small disk at `disk`, in the test's place. */
const test = placeTest.extend<{ disk: SmallDisk }>({
  disk: async ({ place, task }, use) => {
    const path = join(place.directory, "disk");
    fs.mkdirSync(path);
    const disk = SmallDisk.mount(path, diskKiB);
    try {
      await use(disk);
      // Before the disk is gone, and anything left on it.
      if (task.result?.state !== "fail") await place.expectTidy();
    } finally {
      await disk.unmount();
    }
  },
});

/** `map` emits this many keys of 100 bytes, and `reduce` writes a multiple of that, with this much space for both. */
interface Amounts {
  readonly keys: number;
  readonly times: number;
  readonly roomKiB: number;
}

const fullIn: Record<string, Amounts & { readonly file: RegExp }> = {
  "a map spills": { keys: 15_000, times: 1, roomKiB: 512, file: /-map-0-1-run-0'/ },
  "a map writes its files": { keys: 3000, times: 1, roomKiB: 64, file: /-map-0-1-0'/ },
  "a reduce writes its output": { keys: 1000, times: 10, roomKiB: 512, file: /-reduce-0-1-out'/ },
};

/** A task that waits for space waits for a part of the task timeout. */
const runSoon = ["run", "--task-timeout", "2s"];

describe.skipIf(whyNoSmallDisk !== undefined).concurrent(`a disk that is full${whyNoSmallDisk ?? ""}`, () => {
  for (const [when, { file, ...amounts }] of Object.entries(fullIn)) {
    test(`when ${when} fails the job with one clear error, and all is removed from it`, async ({ place, disk }) => {
      disk.fill(amounts.roomKiB * 1024);
      expectDiskFull(place, await place.run("mr", [...runSoon, ...job(place, amounts)]), file);
      expect(disk.files()).toEqual(["out/mr-report.json"]);
      fs.rmSync(join(disk.path, "out/mr-report.json"));
      expect(disk.freeBytes).toBeGreaterThanOrEqual(amounts.roomKiB * 1024);
    });

    test(`when ${when} lets the job succeed when there is room in time`, async ({ place, disk }) => {
      disk.fill(amounts.roomKiB * 1024);
      const run = place.start("mr", [...runSoon, "--arg", "waits=true", ...job(place, amounts)]);
      await called(place, when.includes("reduce") ? "reduce 0 2" : "map 0 2");
      await run.says(file);
      disk.free();
      place.write("go", "");
      const { code, stderr } = await run.exit();
      expect({ code, stderr }).toEqual({ code: 0, stderr });
      expect(disk.files()).toEqual(["out/mr-manifest.json", "out/mr-out-0", "out/mr-report.json"]);
      expect(linesOf(place.read("disk/out/mr-out-0"))).toHaveLength(amounts.keys);
    });

    test(`when ${when} fails mr sequential in the same way`, async ({ place, disk }) => {
      disk.fill(amounts.roomKiB * 1024);
      expectDiskFull(place, await place.run("mr", ["sequential", ...job(place, amounts)]), file, "sequential");
      expect(fs.readdirSync(disk.path)).toEqual(["ballast"]);
    });
  }

  test("to the last byte when the job begins fails it, too, and its directory is removed", async ({ place, disk }) => {
    disk.fill();
    const amounts = { keys: 10, times: 1, roomKiB: 0 };
    expectDiskFull(place, await place.run("mr", [...runSoon, ...job(place, amounts)]), /-map-0-1-0'/);
    expect(fs.readdirSync(disk.path)).toEqual(["ballast"]);
  });
});

describe.concurrent("a limit on the length of files", () => {
  test("that a worker has fails the job with one clear error, and nothing is left", async ({ place }) => {
    const app = place.write(
      "limited.mjs",
      `import { execFileSync } from "node:child_process";
      export function map(name, text, ctx) {
        execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=4096"]);
        for (let n = 0; n < 1000; n++) ctx.emit("key number " + n, n);
      }
      export const reduce = (key, values) => values.length;`,
    );
    const { code, stderr } = await place.run("mr", ["run", "-r", "1", "-o", "out", app, place.write("in.txt", "")]);
    expect({ code, stderr }).toEqual({ code: 1, stderr });
    expect(stderr).toMatch(/the job failed: .*EFBIG: file too large, write '.*\/out\/\.mr-tmp-.*'/);
    expect(place.files("out")).toEqual(["out/mr-report.json"]);
  });

  test("that prevents writing the journal does not stop the job, but the user is told", async ({ place }) => {
    const run = await withoutJournal(place);
    // The manifest is a file, too.
    execFileSync("prlimit", ["--pid", String(run.pid), "--fsize=unlimited:"]);
    place.write("lifted", "");
    expect(await run.exit()).toMatchObject({ code: 0 });
    expectAnswer(place);
    await place.succeed("mr", ["verify", "out"]);
  });

  test("that prevents writing the manifest fails the job", async ({ place }) => {
    const run = await withoutJournal(place);
    place.write("lifted", "");
    const { code, stderr } = await run.exit();
    expect({ code, stderr }).toEqual({ code: 1, stderr });
    expect(stderr).toMatch(/the job failed: the manifest cannot be written: EFBIG: file too large/);
    expect(place.exists("out")).toBe(false);
  });

  test("that prevents mr sequential from writing the manifest fails it, and leaves no output", async ({ place }) => {
    const app = place.write(
      "limited.mjs",
      `import { execFileSync } from "node:child_process";
      export const map = (name, text, ctx) => ctx.emit("a", 1);
      export function reduce() {
        execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=100:"]);
        return 1;
      }`,
    );
    place.write("in.txt", "");
    const { code, stderr } = await place.run("mr", ["sequential", "-r", "1", "-o", "out", app, "in.txt"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr });
    expect(stderr).toMatch(
      /^mr sequential: the output cannot be written: EFBIG: file too large, write '.*manifest'\n$/,
    );
    expect(place.exists("out")).toBe(false);
  });

  /**
   * A job that can write no file of more than 100 bytes when it commits the second map, and whose reduces wait for
   * "lifted".
   */
  async function withoutJournal(place: Place): Promise<Program> {
    const lifted =
      "while (kind === 'reduce' && !existsSync('lifted')) await new Promise((done) => setTimeout(done, 10));";
    const waits = `(await (async () => { ${lifted} })(), kind === "map" && ctx.task === 1)`;
    const args = ["-w", "1", "-r", "2", "-o", "out", writeLoggedApp(place, waits), ...inputs(place)];
    const run = place.start("mr", ["run", ...args]);
    await called(place, "map 1 1");
    execFileSync("prlimit", ["--pid", String(run.pid), "--fsize=100:"]);
    place.write("go", "");
    await run.says(/cannot write the journal .*EFBIG.*: the job continues, but cannot be resumed/);
    return run;
  }
});

describe.skipIf(!canForbidWriting()).concurrent("a directory that cannot be written any more", () => {
  for (const [phase, at] of [
    ["map", "map 1 1"],
    ["reduce", "reduce 1 1"],
  ] as const) {
    test(`since the ${phase} phase fails the job with one clear error, and what is left is said`, async ({ place }) => {
      const run = startWaiting(place, `kind === '${phase}' && ctx.task === 1`);
      await called(place, at);
      const allow = forbidWriting(join(place.directory, "out"));
      try {
        place.write("go", "");
        const { code, stdout, stderr } = await run.exit();
        expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr });
        expect(stderr).toMatch(/mr run: the job failed: .* (EACCES|EPERM).*'.*\/out\/.*'/);
        expect(stderr).toMatch(/mr run: files of the job are left in .*\/out: (EACCES|EPERM)/);
        expect(stderr).not.toMatch(/internal error|\n +at /);
      } finally {
        allow();
      }
      // The next job clears it.
      await place.succeed("mr", ["run", "-w", "1", "-r", "2", "-o", "out", "logged.mjs", ...inputs(place)]);
      expectAnswer(place);
    });
  }
});

/** What happens to the intermediate files of partition 1 while partition 0 is being reduced. */
const damages: Record<string, { readonly again: number; readonly damage: (directory: string) => void }> = {
  "is deleted": { again: 1, damage: (directory) => fs.rmSync(join(directory, "mr-0-1")) },
  "is cut short": { again: 1, damage: (directory) => fs.truncateSync(join(directory, "mr-0-1"), 5) },
  "is emptied": { again: 1, damage: (directory) => fs.truncateSync(join(directory, "mr-0-1"), 0) },
  "has one other bit": { again: 1, damage: (directory) => flipBit(join(directory, "mr-1-1"), 3) },
  "is longer": { again: 1, damage: (directory) => fs.appendFileSync(join(directory, "mr-1-1"), '["z",["1"]]\n') },
  "has become a directory": {
    again: 1,
    damage: (directory) => {
      fs.rmSync(join(directory, "mr-0-1"));
      fs.mkdirSync(join(directory, "mr-0-1"));
    },
  },
};

describe.concurrent("an intermediate file", () => {
  for (const [what, { damage }] of Object.entries(damages)) {
    test(`that ${what} between map and reduce is made again by its map task`, async ({ place }) => {
      const { stdout, stderr } = await runDamaged(place, damage);
      expect(JSON.parse(stdout)).toMatchObject({ phase: "done", mapsLost: 1, map: { recordsIn: 3 } });
      expect(stderr).toMatch(/map task \d \(.\.txt\) runs again, since its files are damaged or gone/);
      expect(stderr).toMatch(/, 1 map task run again for damaged files/);
      expect(calls(place).filter((call) => call.startsWith("map"))).toHaveLength(4);
      expect(attemptsOf(place, "reduce 0")).toBe(1);
      expectAnswer(place);
    });
  }

  test("is made again when all are gone", async ({ place }) => {
    const { stdout } = await runDamaged(place, (directory) => {
      for (const name of intermediateFiles(directory)) fs.rmSync(join(directory, name));
    });
    expect(JSON.parse(stdout)).toMatchObject({ phase: "done", mapsLost: 3, map: { recordsIn: 3 } });
    expect(["map 0", "map 1", "map 2"].map((task) => attemptsOf(place, task))).toEqual([2, 2, 2]);
    expectAnswer(place);
  });

  test("that is damaged each time fails the job in the end, and says which", async ({ place }) => {
    // A bad disk: nothing written to that file can be read back.
    const app = place.write(
      "bad-disk.mjs",
      `import fs from "node:fs";
      const { openSync } = fs;
      fs.openSync = (path, flags, ...rest) => {
        if (String(path).includes("/mr-0-1")) fs.ftruncateSync(openSync(path, "r+"), 2);
        return openSync(path, flags, ...rest);
      };
      export const map = (name, text, ctx) => { for (const letter of text) ctx.emit(letter, 1); };
      export const reduce = (key, values) => values.length;
      export const partition = (key, reducers) => key.charCodeAt(0) % 97 % reducers;`,
    );
    const options = ["-w", "1", "-r", "2", "-o", "out", "--max-crashes", "3"];
    const { code, stderr } = await place.run("mr", ["run", ...options, app, ...inputs(place)]);
    expect({ code, stderr }).toEqual({ code: 1, stderr });
    expect(stderr).toMatch(/the job failed: map task 0 \(a\.txt\): its files were lost 3 times, .*mr-0-1/);
    expect(place.files("out")).toEqual(["out/mr-report.json"]);
  });
});

describe.concurrent("the output directory", () => {
  test("is created again, with its contents, when it is removed during map", async ({ place }) => {
    const run = startWaiting(place, "kind === 'map' && ctx.task === 1", ["--json"]);
    await called(place, "map 1 1");
    fs.rmSync(join(place.directory, "out"), { recursive: true });
    place.write("go", "");
    const { code, stdout, stderr } = await run.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(JSON.parse(stdout)).toMatchObject({ phase: "done", mapsLost: 1, map: { recordsIn: 3 } });
    expectAnswer(place);
  });

  test("fails the job with one clear error when it is removed with a finished output in it", async ({ place }) => {
    const run = startWaiting(place, "kind === 'reduce' && ctx.task === 1");
    await called(place, "reduce 1 1");
    fs.rmSync(join(place.directory, "out"), { recursive: true });
    place.write("go", "");
    expectOutputLost(await run.exit());
    expect(place.files("out")).toEqual(["out/mr-report.json"]);
  });

  test("fails the job when a finished output is removed from it, and a resumed one makes that again", async ({
    place,
  }) => {
    const run = startWaiting(place, "kind === 'reduce' && ctx.task === 1");
    await called(place, "reduce 1 1");
    fs.rmSync(join(place.directory, stagedIn(place, "out", "mr-out-0")));
    place.write("go", "");
    expectOutputLost(await run.exit(), "5 of 5 tasks are done; to continue, run the same command with --resume\n");
    await place.succeed("mr", ["run", "--resume", "-r", "2", "-o", "out", "logged.mjs", "a.txt", "b.txt", "c.txt"]);
    expectAnswer(place);
    expect(["map 0", "reduce 0", "reduce 1"].map((task) => attemptsOf(place, task))).toEqual([1, 2, 1]);
  });
});

function expectOutputLost({ code, stdout, stderr }: Ended, more = ""): void {
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr });
  const error = "mr run: the job failed: the output of reduce task 0 was removed or changed while the job ran\n";
  expect(stderr.slice(stderr.indexOf("mr run: the job failed"))).toBe(error + more);
}

function inputs(place: Place): string[] {
  return [place.write("a.txt", "abc"), place.write("b.txt", "abd"), place.write("c.txt", "bcd")];
}

function expectAnswer(place: Place): void {
  expect(outputOf(place, "out")).toBe("mr-out-0:\na 2\nc 2\nmr-out-1:\nb 3\nd 2\n");
}

/** A job with one worker that waits where `waits` is true, for a file `go`. */
function startWaiting(place: Place, waits: string, options: readonly string[] = []) {
  const args = ["-w", "1", "-r", "2", "-o", "out", "--backup-tasks", "off", writeLoggedApp(place, waits)];
  return place.start("mr", ["run", ...options, ...args, ...inputs(place)]);
}

/** Lets a job reach its first reduce, which then has its files open, does something to its directory, and continues. */
async function runDamaged(place: Place, damage: (directory: string) => void): Promise<Ended> {
  const run = startWaiting(place, "kind === 'reduce' && ctx.task === 0", ["--json"]);
  await called(place, "reduce 0 1");
  damage(join(place.directory, "out"));
  place.write("go", "");
  const ended = await run.exit();
  expect(ended).toMatchObject({ code: 0 });
  return ended;
}

function intermediateFiles(directory: string): string[] {
  return fs.readdirSync(directory).filter((name) => /^mr-\d+-\d+/.test(name));
}

function flipBit(path: string, at: number): void {
  const bytes = fs.readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.writeFileSync(path, bytes);
}

/** Not in a container whose root has restricted rights. */
function canForbidWriting(): boolean {
  const directory = fs.mkdtempSync(join(tmpdir(), "mr-forbidden-"));
  try {
    forbidWriting(directory)();
    return true;
  } catch {
    return false;
  } finally {
    fs.rmdirSync(directory);
  }
}

/**
 * Root may write despite file modes, but not where the file system itself forbids it. Returns a function that undoes
 * it.
 */
function forbidWriting(directory: string): () => void {
  const isRoot = process.getuid?.() === 0;
  const change = (flag: string, mode: number) => {
    if (isRoot) execFileSync("chattr", [flag, directory], { stdio: "ignore" });
    else fs.chmodSync(directory, mode);
  };
  change("+i", 0o500);
  return () => change("-i", 0o700);
}

/** A job on the small disk, as arguments. */
function job(place: Place, { keys, times }: Amounts): string[] {
  const app = place.write(
    "much.mjs",
    `import { appendFileSync, existsSync } from "node:fs";
    let last = "";
    async function begin(kind, { task, attempt, args }) {
      const call = [kind, task, attempt].join(" ");
      if (call === last) return;
      last = call;
      appendFileSync("calls", call + "\\n");
      // The first attempt finds the disk full.
      while (args.waits && attempt > 1 && !existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    export async function map(name, text, ctx) {
      await begin("map", ctx);
      for (let n = 0; n < Number(ctx.args.keys); n++) ctx.emit(String(n).padStart(100, "-"), n);
    }
    export async function reduce(key, values, ctx) {
      await begin("reduce", ctx);
      return key.repeat(Number(ctx.args.times));
    }`,
  );
  const input = place.write("in.txt", "");
  const amounts = ["--arg", `keys=${keys}`, "--arg", `times=${times}`];
  return ["-r", "1", "-o", "disk/out", "--memory", "1MiB", ...amounts, app, input];
}

/** One line that says what, where and what to do, and at most one more. */
function expectDiskFull(place: Place, { code, stdout, stderr }: Ended, file: RegExp, command = "run"): void {
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr });
  const lines = linesOf(stderr);
  const at = lines.findIndex((line) => /^mr (run: the job failed|sequential:)/.test(line));
  const error = lines[at] ?? "";
  expect(error).toMatch(new RegExp(`^mr ${command}: `));
  expect(error).toMatch(/ENOSPC: no space left on device, (write|open) '.*\/disk\/out\/\.mr-tmp-[^']*'/);
  expect(error).toMatch(file);
  if (command === "run") expect(error).toMatch(/: make room on that disk, or choose another --output-dir$/);
  expect(lines.length - at).toBeLessThanOrEqual(2);
  expect(stderr).not.toMatch(/internal error|\n +at /);
  expect(place.processes()).toEqual([]);
}
