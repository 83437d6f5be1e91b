import { describe, expect } from "vitest";
import { expectRefusal, linesOf, test, type Place } from "./programs.js";

/** Writes 41 records, and an app whose `map` keeps small objects without end at the one in the middle. */
function writeLeakingApp(place: Place): string {
  place.write("lines.txt", [...words("good", 20), "bad", ...words("fine", 20), ""].join("\n"));
  return place.write(
    "leak.mjs",
    `export const input = "lines";
    let kept;
    export const map = (name, line, ctx) => {
      while (line === "bad") kept = { kept, more: Math.random() };
      ctx.emit(line, 1);
    };
    export const reduce = (key, values) => values.length;`,
  );
}

/** Writes files, and an app that keeps at least 10 MiB for each of them. */
function writeSlowlyLeakingApp(place: Place): { app: string; names: string[]; answer: string[] } {
  const app = place.write(
    "slow.mjs",
    `import { appendFileSync } from "node:fs";
    export const input = "lines";
    let kept;
    let isNew = true;
    export const map = (name, line, ctx) => {
      if (isNew) appendFileSync("loaded", process.pid + "\\n");
      isNew = false;
      for (let n = 0; n < 30_000; n += 1) kept = { kept, n };
      ctx.emit(line, 1);
    };
    export const reduce = (key, values) => values.length;`,
  );
  const names = words("file", 16).map((name) => place.write(`${name}.txt`, `${words(name, 10).join("\n")}\n`));
  const answer = words("file", 16).flatMap((name) => words(name, 10).map((word) => `${word} 1`));
  return { app, names, answer: answer.sort() };
}

function words(start: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${start}-${n}`);
}

describe.concurrent("--worker-memory", () => {
  test("ends a job whose app leaks at a record, and names the record and what grew", async ({ place }) => {
    const given = ["-w", "1", "-r", "1", "-o", "out", "--worker-memory", "190MiB", "--max-attempts", "2"];
    const { code, stderr } = await place.run("mr", ["run", ...given, writeLeakingApp(place), "lines.txt"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr });
    expect(stderr).toMatch(
      /job failed: map task 0 \(lines\.txt\): the app's thread ran out of memory at byte 150 of lines\.txt \(its heap may have \d+ MiB, its process with --worker-memory 190 MiB.*grew from \d+ MiB to \d+ MiB, .*what the app keeps.*or make --worker-memory larger$/m,
    );
    expect(stderr).not.toMatch(/was ended by SIG/);
    expect(place.exists("out/mr-out-0")).toBe(false);
  });

  test("lets a job skip the record at which its app leaks", async ({ place }) => {
    const given = ["-w", "1", "-r", "1", "-o", "out", "--worker-memory", "190MiB", "--skip-bad-records", "1"];
    const { stderr } = await place.succeed("mr", ["run", ...given, writeLeakingApp(place), "lines.txt"]);
    expect(stderr).toMatch(/the record at byte 150 is skipped, since 2 attempts ended there/);
    const answer = [...words("good", 20), ...words("fine", 20)].map((word) => `${word} 1`);
    expect(linesOf(place.read("out/mr-out-0")).sort()).toEqual(answer.sort());
  });

  test("loads an app again that leaks over many attempts, before it runs out of memory", async ({ place }) => {
    const { app, names, answer } = writeSlowlyLeakingApp(place);
    const given = ["--no-group", "-w", "1", "-r", "1", "-o", "out", "--worker-memory", "200MiB"];
    const { stderr } = await place.succeed("mr", ["run", ...given, app, ...names]);
    expect(linesOf(place.read("out/mr-out-0")).sort()).toEqual(answer);
    expect(stderr).not.toMatch(/ran out of memory/);
    expect(stderr.match(/the worker loads the app again before the next attempt/g)).toHaveLength(1);
    const loaded = linesOf(place.read("loaded"));
    expect(loaded.length).toBeGreaterThan(2);
    expect(new Set(loaded).size).toBe(1);
  });

  test("of a worker that was started separately holds whatever the coordinator's --memory is", async ({ place }) => {
    const { app, names, answer } = writeSlowlyLeakingApp(place);
    const options = ["-r", "1", "-o", "out", "--memory", "256MiB"];
    await place.pair(app, names, options, 1, ["--worker-memory", "200MiB"]);
    expect(linesOf(place.read("out/mr-out-0")).sort()).toEqual(answer);
    expect(linesOf(place.read("loaded")).length).toBeGreaterThan(2);
  });

  test("ends an attempt that keeps memory outside the heap", async ({ place }) => {
    place.write("lines.txt", "good\nbad\n");
    const app = place.write(
      "buffers.mjs",
      `export const input = "lines";
      const kept = [];
      export const map = (name, line, ctx) => {
        while (line === "bad") kept.push(Buffer.alloc(10_000, 1));
        ctx.emit(line, 1);
      };
      export const reduce = (key, values) => values.length;`,
    );
    const given = ["-w", "1", "-r", "1", "-o", "out", "--worker-memory", "200MiB", "--skip-bad-records", "1"];
    const { stderr } = await place.succeed("mr", ["run", ...given, app, "lines.txt"]);
    expect(stderr).toMatch(/ran out of memory at byte 5 of lines\.txt/);
    expect(place.read("out/mr-out-0")).toBe("good 1\n");
  });

  test("does not disturb an app that makes much garbage, whose process stays below the limit", async ({ place }) => {
    place.write("lines.txt", `${words("line", 100).join("\n")}\n`);
    const app = place.write(
      "garbage.mjs",
      `import { writeFileSync } from "node:fs";
      export const input = "lines";
      let most = 0;
      export const map = (name, line, ctx) => {
        const garbage = [];
        for (let n = 0; n < 40_000; n += 1) garbage.push({ n, text: line + n, bytes: n % 10 === 0 ? Buffer.alloc(2000) : 0 });
        most = Math.max(most, process.memoryUsage.rss());
        writeFileSync("most", String(most));
        ctx.emit(line, garbage.length);
      };
      export const reduce = (key, [length]) => length;`,
    );
    const given = ["-w", "1", "-r", "1", "-o", "out", "--worker-memory", "200MiB"];
    const { stderr } = await place.succeed("mr", ["run", ...given, app, "lines.txt"]);
    expect(stderr).not.toMatch(/memory|tried again/);
    expect(linesOf(place.read("out/mr-out-0")).sort()).toEqual(
      words("line", 100)
        .map((word) => `${word} 40000`)
        .sort(),
    );
    expect(Number(place.read("most"))).toBeLessThan(200 * 2 ** 20);
  });

  test("is refused when it is too small, or --memory does not fit into it", async ({ place }) => {
    place.write("a.txt", "a");
    const small = await place.run("mr", ["run", "--worker-memory", "100MiB", "wc", "a.txt"]);
    expectRefusal(small, /--worker-memory.*must be a size from 184MiB/);
    const ofVariable = await place.run("mr-worker", ["wc"], { env: { MR_WORKER_MEMORY: "1MiB" } });
    expectRefusal(ofVariable, /MR_WORKER_MEMORY.*must be a size from 184MiB/);
    const given = ["--worker-memory", "200MiB", "--memory", "256MiB"];
    const both = await place.run("mr", ["run", ...given, "wc", "a.txt"]);
    expectRefusal(both, "--memory 256MiB does not fit into --worker-memory 200MiB");
    const ofPipeline = await place.run("mr", ["pipeline", ...given, "wc", "top-k", "--input", "a.txt"]);
    expectRefusal(ofPipeline, "--memory 256MiB does not fit into --worker-memory 200MiB");
    expect(place.exists("mr-output")).toBe(false);
  });
});
