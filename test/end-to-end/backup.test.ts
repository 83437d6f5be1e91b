/** Backup attempts of slow tasks (paper section 3.6), as the user sees them. */
import { describe, expect } from "vitest";
import { attemptsOf, calls, outputOf, writeLoggedApp } from "./logged-app.js";
import { test, type Place } from "./programs.js";

interface Report {
  readonly attempts: { readonly backup: number; readonly backupWon: number };
}

describe.concurrent("a task that one worker never finishes", () => {
  for (const task of ["map 1", "reduce 1"]) {
    test(`is done by a backup attempt: ${task}`, async ({ place }) => {
      const [kind, index] = task.split(" ") as [string, string];
      const app = writeLoggedApp(place, `kind === "${kind}" && ctx.task === ${index} && ctx.attempt === 1`);
      const { report, stderr } = await run(place, app, "on");
      expect(report.attempts.backup).toBeGreaterThanOrEqual(1);
      expect(report.attempts.backupWon).toBeGreaterThanOrEqual(1);
      expect(stderr).toMatch(/backup attempts? of which \d+ won/);
      expectAnswer(place);
    });
  }
});

describe.concurrent("a task that takes longer than the task timeout", () => {
  // Not long, but much longer than the timeout.
  const slow = (place: Place) =>
    place.write(
      "slow.mjs",
      `import { map as mapLogged, reduce, partition } from "./logged.mjs";
      export { reduce, partition };
      export async function map(name, text, ctx) {
        if (ctx.task === 1) await new Promise((resolve) => setTimeout(resolve, 2500));
        return mapLogged(name, text, ctx);
      }`,
    );

  test("has no backup attempt with --backup-tasks off", async ({ place }) => {
    writeLoggedApp(place, "false");
    const { report } = await run(place, slow(place), "off");
    expect(report.attempts).toMatchObject({ backup: 0, backupWon: 0 });
    expect(attemptsOf(place, "map 1")).toBe(1);
    expectAnswer(place);
  });

  test("gives its output once, whichever attempt is first", async ({ place }) => {
    writeLoggedApp(place, "false");
    const { report } = await run(place, slow(place), "on");
    expect(report.attempts.backup).toBeGreaterThanOrEqual(1);
    expect(calls(place).filter((call) => call.startsWith("map")).length).toBeGreaterThanOrEqual(2);
    expectAnswer(place);
  });
});

describe.concurrent("a task that takes longer than the task timeout and advances all the time", () => {
  const steady = (place: Place) => {
    const app = place.write(
      "steady.mjs",
      `import { appendFileSync } from "node:fs";
      export const input = "lines";
      export async function map(name, line, ctx) {
        appendFileSync("lines", line + "\\n");
        await new Promise((resolve) => setTimeout(resolve, 50));
        ctx.emit(line, 1);
      }
      export const reduce = (line, ones) => ones.length;`,
    );
    return [app, place.write("in.txt", "a\nb\nc\n".repeat(16))] as const;
  };
  const options = ["-r", "1", "-o", "out", "--task-timeout", "500ms"];

  test("has no backup attempt in mr run", async ({ place }) => {
    const { stdout } = await place.succeed("mr", ["run", "--json", "-w", "2", ...options, ...steady(place)]);
    expect((JSON.parse(stdout) as Report).attempts.backup).toBe(0);
    expect(place.read("lines")).toBe("a\nb\nc\n".repeat(16));
    expect(place.read("out/mr-out-0")).toBe("a 16\nb 16\nc 16\n");
  });

  test("has one when a coordinator has two workers, as in the lab", async ({ place }) => {
    const [app, input] = steady(place);
    const coordinator = place.start("mr-coordinator", [...options, input]);
    const workers = [1, 2].map(() => place.start("mr-worker", [app]));
    expect((await coordinator.exit()).stderr).toMatch(/is slow: w\d begins a backup attempt/);
    for (const worker of workers) await worker.exit();
    expect(place.read("out/mr-out-0")).toBe("a 16\nb 16\nc 16\n");
  });
});

async function run(place: Place, app: string, backups: "on" | "off") {
  const inputs = [place.write("a.txt", "abc"), place.write("b.txt", "abd")];
  const options = ["-w", "2", "-r", "2", "-o", "out", "--json", "--task-timeout", "500ms", "--backup-tasks", backups];
  const { stdout, stderr } = await place.succeed("mr", ["run", ...options, app, ...inputs]);
  return { report: JSON.parse(stdout) as Report, stderr };
}

function expectAnswer(place: Place): void {
  expect(outputOf(place, "out")).toBe("mr-out-0:\na 2\nc 1\nmr-out-1:\nb 2\nd 1\n");
}
