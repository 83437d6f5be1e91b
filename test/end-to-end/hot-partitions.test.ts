/** One partition has most of the map output, and combine tasks share the work of its reduce task. */
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { found, test, until, type Place } from "./programs.js";

const files = 10;
/** Ten vectors of this length take more than 16 MiB as JSON. */
const length = 300_000;

/**
 * Adds up vectors. Each file has a long one of the key `hot`, which ends in a string that shows the order of the values,
 * and a short one of the key `cold`. If there is a file `two-workers`, `map` waits until it runs in two processes. If
 * there is a file `gate`, `combine` writes a file `combines-PID` in the second combine task, and waits for a file `go`.
 */
const app = `import { existsSync, readdirSync, writeFileSync } from "node:fs";
export const input = "lines";
function waitUntil(isSo) {
  while (!isSo()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}
export function map(name, line, ctx) {
  if (existsSync("two-workers")) {
    writeFileSync("maps-" + process.pid, "");
    waitUntil(() => readdirSync(".").filter((name) => name.startsWith("maps-")).length > 1);
  }
  const seed = Number(line);
  ctx.emit("hot", [...Array.from({ length: ${length} }, (_, n) => 1_000_000 + ((n * seed) % 9973)), line]);
  ctx.emit("cold", [seed, line]);
}
function add(vectors) {
  const sum = vectors[0].slice();
  for (const vector of vectors.slice(1)) for (let n = 0; n < vector.length; n++) sum[n] += vector[n];
  return sum;
}
export function combine(key, vectors) {
  if (key === "hot" && vectors[0].at(-1) !== "1" && existsSync("gate")) {
    writeFileSync("combines-" + process.pid, "");
    waitUntil(() => existsSync("go"));
  }
  return add(vectors);
}
export function reduce(key, vectors) {
  const sum = add(vectors);
  let checksum = 0;
  for (const n of sum.slice(0, -1)) checksum = (checksum * 31 + n) % 1_000_000_007;
  return checksum + " " + sum.length + " " + sum.at(-1);
}`;

/** The records, calculated without the engine. */
function answer(): string {
  const seeds = Array.from({ length: files }, (_, file) => file + 1);
  let checksum = 0;
  for (let n = 0; n < length; n++) {
    const sum = seeds.reduce((all, seed) => all + 1_000_000 + ((n * seed) % 9973), 0);
    checksum = (checksum * 31 + sum) % 1_000_000_007;
  }
  const order = seeds.join("");
  const cold = seeds.reduce((all, seed) => all + seed, 0);
  return `cold ${cold} 2 ${order}\nhot ${checksum} ${length + 1} ${order}\n`;
}

const told = "partition 0 had 100% of the map output, so 2 combine tasks shared its work";

describe("a partition with most of the map output", { timeout: 120_000 }, () => {
  test("is combined in parts, with the result of a job without", async ({ place }) => {
    const args = argsOf(place);
    const { stderr } = await place.succeed("mr", ["run", "-w", "2", "--trace", "trace.json", ...args]);
    expect(place.read("out/mr-out-0")).toBe(answer());
    expect(stderr).toContain(told);
    expect(tasksIn(place, "trace.json").filter((name) => !name.startsWith("map"))).toEqual([
      "combine 0",
      "combine 1",
      "reduce 0",
    ]);
    await place.succeed("mr", ["sequential", ...args.map((arg) => (arg === "out" ? "sequential" : arg))]);
    expect(place.readBytes("out/mr-out-0").equals(place.readBytes("sequential/mr-out-0"))).toBe(true);
  });

  test("is left to its reduce task when only one worker is there, or the app has hooks", async ({ place }) => {
    const alone = await place.succeed("mr", ["run", "-w", "1", ...argsOf(place, 1)]);
    expect(place.read("out/mr-out-0")).toBe(answer());
    const args = argsOf(place);
    place.write("vectors.mjs", `${app}\nexport function setup() {}\n`);
    const hooked = await place.succeed("mr", ["run", "-w", "2", ...args]);
    expect(place.read("out/mr-out-0")).toBe(answer());
    expect(alone.stderr + hooked.stderr).not.toContain("combine task");
  });

  test("has the same result when a worker is killed in a combine task", async ({ place }) => {
    place.write("gate", "");
    const run = place.start("mr", ["run", "-w", "2", ...argsOf(place)]);
    process.kill(await pidOfGate(place), "SIGKILL");
    await run.says(/combine task \d, attempt 1 on w\d: its worker's connection closed/);
    place.write("go", "");
    const { code, stderr } = await run.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(stderr).toContain(told);
    expect(place.read("out/mr-out-0")).toBe(answer());
  });

  test("has the same result when what was combined is damaged", async ({ place }) => {
    place.write("gate", "");
    const run = place.start("mr", ["run", "-w", "2", ...argsOf(place)]);
    await pidOfGate(place);
    const combined = `out/mr-${files}-0`;
    await until(
      () => place.exists(combined),
      () => "the first combine task",
    );
    truncateSync(join(place.directory, combined), 1_000_000);
    place.write("go", "");
    const { code, stderr } = await run.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(stderr).toContain("combine task 0 is given up: the reduce task reads the files of the map tasks itself");
    expect(stderr).toContain("partition 0 had 100% of the map output, so a combine task did part of its work");
    expect(place.read("out/mr-out-0")).toBe(answer());
  });

  test("has the same result when the job is killed in its combine tasks and resumed", async ({ place }) => {
    place.write("gate", "");
    const args = argsOf(place);
    const run = place.start("mr", ["run", "-w", "2", ...args]);
    await pidOfGate(place);
    run.signal("SIGKILL");
    await run.exit();
    await until(
      () => place.processes().length === 0,
      () => "the workers to end",
    );
    place.write("go", "");
    const { stderr } = await place.succeed("mr", ["run", "-w", "2", "--resume", "--trace", "trace.json", ...args]);
    expect(tasksIn(place, "trace.json").filter((name) => name.startsWith("map"))).toEqual([]);
    expect(stderr).toContain(told);
    expect(place.read("out/mr-out-0")).toBe(answer());
  });

  test("has the same result when the coordinator is killed, and the workers go on", async ({ place }) => {
    place.write("gate", "");
    const args = ["--backup-tasks", "off", ...argsOf(place).slice(2)];
    const coordinator = place.start("mr-coordinator", [...args]);
    const workers = [1, 2].map(() => place.start("mr-worker", ["--quiet", "vectors.mjs"]));
    await pidOfGate(place);
    coordinator.signal("SIGKILL");
    await coordinator.exit();
    const again = place.start("mr-coordinator", ["--resume", ...args]);
    await again.says(/resumes combine task/);
    place.write("go", "");
    const { code, stderr } = await again.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(stderr).toContain(told);
    expect(place.read("out/mr-out-0")).toBe(answer());
    for (const worker of workers) expect(await worker.exit()).toMatchObject({ code: 0 });
  });
});

/** Writes app and inputs. The app is the first argument, and the second is not for `mr-coordinator`. The job must have that many workers. */
function argsOf(place: Place, workers = 2): string[] {
  if (workers === 2) place.write("two-workers", "");
  place.write("vectors.mjs", app);
  const names = Array.from({ length: files }, (_, file) => place.write(`${file}.txt`, `${file + 1}\n`));
  return ["vectors.mjs", "--no-group", "-r", "1", "-o", "out", ...names];
}

/** Waits until the second combine task waits, and returns its process. */
function pidOfGate(place: Place): Promise<number> {
  return found(() => {
    const name = place.files().find((file) => file.startsWith("combines-"));
    return name === undefined ? undefined : Number(name.split("-")[1]);
  }, "the second combine task");
}

/** The names of the attempts in a trace, sorted. */
function tasksIn(place: Place, trace: string): string[] {
  const { traceEvents } = JSON.parse(place.read(trace)) as { traceEvents: { name: string; ph: string }[] };
  const attempts = traceEvents.filter(({ ph }) => ph === "X");
  return attempts.map(({ name }) => name).sort();
}
