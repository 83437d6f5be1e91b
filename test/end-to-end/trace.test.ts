import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect } from "vitest";
import { traceFormat } from "../status/trace-schema.js";
import { expectRefusal, test, type Place } from "./programs.js";

const failsOnce = `import { existsSync, writeFileSync } from "node:fs";
export function map(file, contents, ctx) {
  if (file === "b.txt" && !existsSync("failed")) {
    writeFileSync("failed", "");
    throw new Error("not yet");
  }
  for (const word of contents.split(" ")) ctx.emit(word, 1);
}
export const reduce = (word, ones) => ones.length;
`;

function readTrace(place: Place, name: string) {
  const { issues, output } = v.safeParse(traceFormat, JSON.parse(place.read(name)));
  expect(issues).toBeUndefined();
  return v.parse(traceFormat, output);
}

function attemptsIn(place: Place, name: string): string[] {
  const { traceEvents } = readTrace(place, name);
  return traceEvents.flatMap((e) => (e.ph === "X" ? [`${e.name} ${String(e.args["state"])}`] : [])).sort();
}

describe.concurrent("--trace", () => {
  test("records what each attempt did and when, for mr run, and later from a report", async ({ place }) => {
    place.write("a.txt", "a b");
    place.write("b.txt", "b");
    place.write("app.js", failsOnce);
    await place.succeed("mr", ["run", "-r", "2", "--trace", "mr-output/trace.json", "app.js", "a.txt", "b.txt"]);
    expect(attemptsIn(place, "mr-output/trace.json")).toEqual([
      ...["map 0 committed", "map 1 committed", "map 1 error"],
      ...["reduce 0 committed", "reduce 1 committed"],
    ]);
    const { traceEvents, otherData } = readTrace(place, "mr-output/trace.json");
    const [failure, ...others] = traceEvents.filter(({ ph }) => ph === "i");
    expect(failure).toMatchObject({ name: "map 1: error", args: { file: "b.txt" } });
    expect(others).toEqual([]);
    expect(otherData).toMatchObject({ app: "app.js", phase: "done" });

    await place.succeed("mr", ["report", "--trace", "later.json"]);
    expect(readTrace(place, "later.json")).toEqual(readTrace(place, "mr-output/trace.json"));
    expect(place.exists("mr-output/mr-report.html")).toBe(false);
    const { stdout } = await place.succeed("mr", ["report", "--trace", "-"]);
    expect(stdout).toBe(place.read("later.json"));
  });

  test("is written when the job of a coordinator has failed", async ({ place }) => {
    place.write("in.txt", "a");
    place.write("app.js", `export function map() { throw new Error("never"); }\nexport const reduce = () => "";\n`);
    const coordinator = place.start("mr-coordinator", ["--max-attempts", "2", "--trace", "t.json", "in.txt"]);
    const worker = place.start("mr-worker", ["app.js"]);
    expect((await coordinator.exit()).code).toBe(1);
    await worker.exit();
    expect(attemptsIn(place, "t.json")).toEqual(["map 0 error", "map 0 error"]);
    expect(readTrace(place, "t.json").otherData["phase"]).toBe("failed");
  });

  test("is refused where it cannot or must not be written", async ({ place }) => {
    place.write("in.txt", "a");
    const refuse = async (file: string, ...says: string[]) => {
      expectRefusal(await place.run("mr", ["run", "--trace", file, "wc", "in.txt"]), "trace", ...says);
    };
    await refuse("in.txt", "it is an input");
    await refuse("in.txt/t.json", "not a directory");
    await refuse("mr-output/mr-out-0", "job's file");
    await refuse("-", "a trace is a file; name one");
    await refuse(".", "directory");
    expect(place.files()).toEqual(["in.txt"]);
    expectRefusal(await place.run("mr", ["report", "--trace", "t.json", "-o", "x"]), "--trace");
  });

  test("that cannot be written at the end makes the exit code 1, and does not harm the output", async ({ place }) => {
    place.write("in.txt", "a");
    place.write(
      "app.js",
      `import { mkdirSync } from "node:fs";\nexport function map(f, c, ctx) { mkdirSync("t.json"); ctx.emit("a", 1); }\nexport const reduce = () => "1";\n`,
    );
    const { code, stderr } = await place.run("mr", ["run", "-r", "1", "--trace", "t.json", "app.js", "in.txt"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr });
    expect(stderr).toContain("cannot write the trace");
    expect(place.read("mr-output/mr-out-0")).toBe("a 1\n");
    expect(existsSync(join(place.directory, "t.json"))).toBe(true);
    expect(place.files().filter((name) => name.includes(".mr-tmp"))).toEqual([]);
  });
});
