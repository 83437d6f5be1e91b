import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { test, until, type Place } from "./programs.js";
import { begun, stuckIn, writeStuckApp } from "./test-apps.js";

const answer = "a 2\nb 1\nc 1\n";
const inputs = (place: Place) => [place.write("a.txt", "ab"), place.write("b.txt", "ac")];

// Whatever happens to a worker, the answer must equal an undisturbed job's.
describe.concurrent("a job", () => {
  test("makes the files of its maps again, all at once, when they are removed under its reduces", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'reduce' && ctx.task === 0");
    place.write("out/notes.txt", "");
    const files = Array.from({ length: 10 }, (_, n) => place.write(`${n}.txt`, "abcdef"));
    const given = ["-w", "1", "-r", "2", "-o", "out", "--arg", "how=gate"];
    const run = place.start("mr", ["run", ...given, app, ...files]);
    await stuckIn(place, "reduce");
    for (const name of place.files("out")) {
      if (/mr-\d+-\d+$/.test(name)) rmSync(join(place.directory, name));
    }
    place.write("go", "");
    const { code, stderr } = await run.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(place.read("out/mr-out-0") + place.read("out/mr-out-1")).toMatch(/a 10\n/);
    expect(stderr.match(/is missing/g)).toHaveLength(1);
    expect(stderr.match(/runs again, since its files are damaged or gone/g)).toHaveLength(10);
  });

  test("continues when its whole directory is removed", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'reduce' && ctx.attempt === 1");
    const given = ["-w", "2", "-r", "1", "-o", "out", "--arg", "how=gate"];
    const run = place.start("mr", ["run", ...given, app, ...inputs(place)]);
    await stuckIn(place, "reduce");
    rmSync(join(place.directory, "out"), { recursive: true });
    place.write("go", "");
    const { code, stderr } = await run.exit();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(place.read("out/mr-out-0")).toBe(answer);
  });

  test("ends an attempt in an endless loop after --attempt-timeout, and retries", async ({ place }) => {
    const app = writeStuckApp(place, "ctx.attempt === 1 && ctx.task === 0");
    const given = ["--attempt-timeout", "300ms", "-w", "2", "-r", "1", "-o", "out", "--arg", "how=loop"];
    const { stderr } = await place.succeed("mr", ["run", ...given, app, ...inputs(place)]);
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(stderr).toMatch(/map task 0 .*the app finished no record for 0\.3s/);
    expect(stderr).toMatch(/reduce task 0.*the app finished no record for 0\.3s/);
  });

  test("says that an attempt finishes no record, which one, and what would end it", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'map' && ctx.task === 1");
    const given = ["--task-timeout", "100ms", "--backup-tasks", "off", "-w", "2", "-r", "1", "-o", "out"];
    const run = place.start("mr", ["run", ...given, "--arg", "how=gate", app, ...inputs(place)]);
    await run.says(
      "map task 1: the app finished no record for 0.3s, at byte 0 of b.txt; if that is an endless loop, or a promise " +
        "that never settles, --attempt-timeout ends such attempts",
    );
    place.write("go", "");
    expect(await run.exit()).toMatchObject({ code: 0 });
    expect(place.read("out/mr-out-0")).toBe(answer);
  });

  test("retries in the same process when an attempt takes all memory", async ({ place }) => {
    place.write(
      "app.mjs",
      `import { appendFileSync } from "node:fs";
      export function map(name, text, ctx) {
        appendFileSync("pids", process.pid + "\\n");
        let kept; // a list of small objects: one large allocation at the limit would abort the whole process
        while (ctx.attempt === 1) kept = { text, kept };
        for (const letter of text) ctx.emit(letter, 1);
      }
      export const reduce = (key, values) => values.length;`,
    );
    const given = ["-w", "1", "-r", "1", "-o", "out", "app.mjs", ...inputs(place)];
    const env = { NODE_OPTIONS: "--max-old-space-size=64" };
    const { stderr } = await place.succeed("mr", ["run", ...given], { env });
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(stderr).toMatch(/map task 0 .*ran out of memory at byte 0 of a\.txt/);
    expect(stderr).toMatch(
      /^ {2}\d attempts? ran out of memory, first map task \d \(.\.txt\) at byte 0: make --split-size or --workers smaller$/m,
    );
    expect(new Set(place.read("pids").trim().split("\n")).size).toBe(1);
  });

  test("names the key whose values take all memory", async ({ place }) => {
    place.write(
      "app.mjs",
      `export const input = "lines";
      export const map = (name, line, ctx) => {
        for (let n = 0; n < 4000; n += 1) ctx.emit(line, { n, line, more: [n, n, n, n] });
      };
      export const reduce = (key, values) => values.length;`,
    );
    const text = `cold\n${"hot\n".repeat(200)}`;
    const names = [1, 2, 3].map((file) => place.write(`${file}.txt`, text));
    const given = ["--no-group", "-w", "1", "-r", "1", "-o", "out", "--max-attempts", "1", "app.mjs", ...names];
    const { code, stderr } = await place.run("mr", ["run", ...given], {
      env: { NODE_OPTIONS: "--max-old-space-size=64" },
    });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/reduce task 0: .* out of memory after \d+ values, at key "hot" /),
    ]);
  });

  test("is not disturbed when a worker of mr run gets SIGTERM, which is for mr run to act on", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'map' && ctx.task === 0");
    const given = ["-w", "1", "-r", "1", "-o", "out", "--arg", "how=gate"];
    const run = place.start("mr", ["run", ...given, app, ...inputs(place)]);
    const pid = await stuckIn(place, "map");
    process.kill(pid, "SIGTERM");
    place.write("go", "");
    expect(await run.exit()).toMatchObject({ code: 0, stderr: expect.not.stringContaining("attempt 1") as string });
    expect(place.read("out/mr-out-0")).toBe(answer);
    expect(begun(place)).toHaveLength(1);
  });

  test("continues with the workers that took its stopped coordinator for dead", async ({ place }) => {
    const app = writeStuckApp(place, "kind === 'map' && ctx.attempt === 1");
    const given = ["--task-timeout", "500ms", "-r", "1", "-o", "out", "--arg", "how=gate"];
    const coordinator = place.start("mr-coordinator", [...given, ...inputs(place)]);
    const workers = [1, 2].map(() => place.start("mr-worker", ["--reconnect-timeout", "1h", app]));
    await until(
      () => begun(place).length === 2,
      () => "two maps",
    );
    coordinator.signal("SIGSTOP");
    for (const worker of workers) await worker.says("lost the coordinator");
    coordinator.signal("SIGCONT");
    for (const worker of workers) await worker.says(/joined as worker w[34]/);
    place.write("go", "");
    expect(await coordinator.exit()).toMatchObject({ code: 0 });
    expect(place.read("out/mr-out-0")).toBe(answer);
    for (const worker of workers) expect(await worker.exit()).toMatchObject({ code: 0 });
  });
});
