import * as fs from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { sortedOutput } from "./oracle.js";
import { test, until, type Ended, type Place } from "./programs.js";

const lines = Array.from({ length: 3000 }, (_, n) => `line ${n}\n`).join("");
const otherLines = lines.replace("line 1500", "LINE 1500");
const size = lines.length;

/** Counts lines. The task with the line "first" waits for a file named "go". */
function writeApp(place: Place): void {
  place.write(
    "app.mjs",
    `import { existsSync, writeFileSync } from "node:fs";
    import { dirname, join } from "node:path";
    import { fileURLToPath } from "node:url";
    const here = (name) => join(dirname(fileURLToPath(import.meta.url)), name);
    export const input = "lines";
    export async function map(file, line, ctx) {
      if (line === "first") {
        writeFileSync(here("started"), "");
        while (!existsSync(here("go"))) await new Promise((go) => setTimeout(go, 10));
      }
      ctx.emit(file, 1);
    }
    export const combine = (key, ones) => ones.reduce((a, b) => a + b);
    export const reduce = combine;`,
  );
  // The longest task runs first.
  place.write("a.log", `first\n${lines.repeat(2)}`);
  place.write("b.log", lines);
}

/** Runs a job, and changes its second input while the job reads the first. */
async function runWhile(
  place: Place,
  change: (path: string) => void,
  args: readonly string[] = ["run", "-w", "1", "--backup-tasks", "off"],
): Promise<Ended> {
  writeApp(place);
  const running = place.start("mr", [...args, "-r", "1", "app.mjs", "a.log", "b.log"]);
  await until(
    () => place.exists("started"),
    () => `the first line to be mapped; ${running.stderr}`,
  );
  change(join(place.directory, "b.log"));
  place.write("go", "");
  return running.exit();
}

function output(place: Place): string[] {
  return sortedOutput(join(place.directory, "mr-output"));
}

const changes: Record<string, readonly [change: (path: string) => void, says: string]> = {
  "truncated, as by copytruncate": [
    (path) => {
      fs.copyFileSync(path, `${path}.1`);
      fs.truncateSync(path);
    },
    `it had ${size} bytes when the job was planned and has 0 now`,
  ],
  "renamed, and a new one made": [
    (path) => {
      fs.renameSync(path, `${path}.1`);
      fs.writeFileSync(path, "new\n");
    },
    `it had ${size} bytes when the job was planned and has 4 now`,
  ],
  "replaced by one of the same length": [
    (path) => {
      fs.writeFileSync(`${path}.new`, otherLines);
      fs.renameSync(`${path}.new`, path);
    },
    "another file has taken its place",
  ],
  "rewritten in place with the same length": [
    (path) => fs.writeFileSync(path, otherLines),
    "it was modified, but has the same length as before",
  ],
  touched: [(path) => fs.utimesSync(path, 1, 2), "it was modified, but has the same length as before"],
  "rewritten and longer": [
    (path) => fs.writeFileSync(path, `new\n${lines}`),
    `it was rewritten: it had ${size} bytes when the job was planned and has ${size + 4} now`,
  ],
  removed: [(path) => fs.rmSync(path), "it is gone"],
};

describe.concurrent("an input that changes while a job runs", () => {
  for (const [what, [change, says]] of Object.entries(changes)) {
    test(`fails the job with one error that names it when it is ${what}`, async ({ place }) => {
      const { code, stderr } = await runWhile(place, change);
      expect({ code, stderr }).toMatchObject({ code: 1 });
      const error = `b.log changed while the job ran: ${says}; run the job again`;
      expect(stderr).toContain(`mr run: the job failed: map task 1 (b.log): ${error}`);
      expect(stderr).not.toMatch(/attempt 2|attempts failed|\n\s+at /);
      expect(place.exists("mr-output/mr-out-0")).toBe(false);
    });
  }

  test("fails mr sequential in the same way", async ({ place }) => {
    const { code, stderr } = await runWhile(place, (path) => fs.truncateSync(path, 100), ["sequential"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `mr sequential: map task 1 (b.log) failed: b.log changed while the job ran: it had ${size} bytes when the job was planned and has 100 now`,
    );
    expect(place.exists("mr-output")).toBe(false);
  });

  test("fails a coordinator with workers, too", async ({ place }) => {
    writeApp(place);
    const coordinator = place.start("mr-coordinator", ["-r", "1", "a.log", "b.log"]);
    await coordinator.says("listening at");
    const worker = place.start("mr-worker", ["app.mjs"]);
    await until(
      () => place.exists("started"),
      () => "the first line to be mapped",
    );
    place.write("b.log", "new\n");
    place.write("go", "");
    const { code, stderr } = await coordinator.exit();
    await worker.exit();
    expect(code).toBe(1);
    expect(stderr).toContain(
      `the job failed: map task 1 (b.log): b.log changed while the job ran: it had ${size} bytes when the job was planned and has 4 now`,
    );
  });

  test("fails the job at the end of the attempt that has it open, when it is truncated after the part that was read", async ({
    place,
  }) => {
    writeApp(place);
    place.write("b.log", `first\n${lines.repeat(100)}`);
    const running = place.start("mr", ["run", "-w", "1", "-r", "1", "app.mjs", "b.log"]);
    await until(
      () => place.exists("started"),
      () => "the first line to be mapped",
    );
    fs.truncateSync(join(place.directory, "b.log"), 3);
    place.write("go", "");
    const { code, stderr } = await running.exit();
    expect(code).toBe(1);
    expect(stderr).toMatch(/b\.log changed while the job ran: it had \d+ bytes when the job was planned and has 3 now/);
    expect(stderr).not.toContain("attempt 2");
  });

  for (const command of ["run", "sequential", "run -q", "sequential -q"]) {
    test(`is read up to its planned length when it only grows, with a warning (mr ${command})`, async ({ place }) => {
      const alone = command.startsWith("run") ? ["-w", "1", "--backup-tasks", "off"] : [];
      const args = [...command.split(" "), ...alone];
      const grow = (path: string) => fs.appendFileSync(path, "one more\nand a part");
      expectGrown(place, await runWhile(place, grow, args));
    });
  }

  test("is refused when it is compressed and grows", async ({ place }) => {
    writeApp(place);
    place.write("b.log.gz", gzipSync(lines));
    const running = place.start("mr", ["run", "-w", "1", "-r", "1", "app.mjs", "a.log", "b.log.gz"]);
    await until(
      () => place.exists("started"),
      () => "the first line to be mapped",
    );
    fs.appendFileSync(join(place.directory, "b.log.gz"), gzipSync("more\n"));
    place.write("go", "");
    const { code, stderr } = await running.exit();
    expect(code).toBe(1);
    expect(stderr).toMatch(/b\.log\.gz changed while the job ran: .*, and a part of a compressed file cannot be read;/);
  });
});

function expectGrown(place: Place, { code, stderr }: Ended): void {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(output(place)).toEqual(["a.log 6001", "b.log 3000"]);
  const warning = `b.log grew while the job ran: the job reads the ${size} bytes that it had at the beginning`;
  expect(stderr.split(warning)).toHaveLength(2);
}
