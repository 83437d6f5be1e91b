import * as v from "valibot";
import { describe, expect } from "vitest";
import { expectRefusal, test, type Place } from "./programs.js";

/** For two files the first attempt ends early: it throws, or its thread ends. */
const app = `import { existsSync, writeFileSync } from "node:fs";
export function map(file, contents, ctx) {
  burnInMap();
  if (file !== "a.txt" && ctx.args.failing === "yes" && !existsSync(file + ".failed")) {
    writeFileSync(file + ".failed", "");
    if (file === "throws.txt") throw new Error("not yet");
    process.exit(1);
  }
  for (const word of contents.split(" ")) ctx.emit(word, 1);
}
export function reduce(word, ones) {
  burnInReduce();
  return ones.length;
}
function burnInMap() {
  for (let n = 0; n < 1e7; n++) globalThis.sum = Math.sqrt(n);
}
function burnInReduce() {
  for (let n = 0; n < 1e7; n++) globalThis.sum = Math.sqrt(n);
}
`;

/** The format that Chrome and VS Code read, as described by the inspector's protocol. */
const profileFormat = v.object({
  nodes: v.array(
    v.object({
      id: v.number(),
      callFrame: v.object({ functionName: v.string(), url: v.string(), lineNumber: v.number() }),
    }),
  ),
  startTime: v.number(),
  endTime: v.number(),
  samples: v.array(v.number()),
  timeDeltas: v.array(v.number()),
});

/** The part of the job to which an app's functions belong: V8 may count an inlined function as the one around it. */
const [inMap, inReduce] = [["map"], ["reduce"]];

function functionsIn(place: Place, file: string): string[] {
  const { nodes } = v.parse(profileFormat, JSON.parse(place.read(file)));
  const names = nodes.filter(({ callFrame }) => callFrame.url.endsWith("app.js"));
  return [...new Set(names.map(({ callFrame }) => callFrame.functionName.toLowerCase().replace("burnin", "")))];
}

function profiles(place: Place): string[] {
  return place.files().filter((name) => name.includes("mr-cpu-"));
}

function prepare(place: Place): string[] {
  place.write("app.js", app);
  return [place.write("a.txt", "a b"), place.write("throws.txt", "a"), place.write("exits.txt", "b")];
}

describe.concurrent("--cpu-prof", () => {
  test("leaves a profile of each attempt that succeeded or threw, until the next job", async ({ place }) => {
    const inputs = prepare(place);
    await place.succeed("mr", ["run", "--cpu-prof", "-r", "1", "--arg", "failing=yes", "app.js", ...inputs]);
    expect(profiles(place)).toEqual(
      ["map-0-1", "map-1-1", "map-1-2", "map-2-2", "reduce-0-1"].map((name) => `mr-output/mr-cpu-${name}.cpuprofile`),
    );
    for (const name of profiles(place).filter((name) => name.includes("map"))) {
      expect(functionsIn(place, name)).toEqual(inMap);
    }
    expect(functionsIn(place, "mr-output/mr-cpu-reduce-0-1.cpuprofile")).toEqual(inReduce);
    expect(place.read("mr-output/mr-out-0")).toBe("a 2\nb 2\n");
    await place.succeed("mr", ["verify"]);

    await place.succeed("mr", ["run", "-r", "1", "app.js", ...inputs]);
    expect(profiles(place)).toEqual([]);
  });

  test("of mr sequential goes to a given directory, or replaces the previous job's profiles", async ({ place }) => {
    const inputs = prepare(place);
    place.write("mr-output/mr-cpu-map-7-1.cpuprofile", "{}");
    await place.succeed("mr", ["sequential", "--cpu-prof", "-r", "1", "app.js", ...inputs]);
    const names = ["map-0-1", "map-1-1", "map-2-1", "reduce-0-1"].map((name) => `mr-cpu-${name}.cpuprofile`);
    expect(profiles(place)).toEqual(names.map((name) => `mr-output/${name}`));
    await place.succeed("mr", ["sequential", "--cpu-prof=made/here", "-r", "1", "app.js", ...inputs]);
    expect(profiles(place)).toEqual(names.map((name) => `made/here/${name}`));
    expect(functionsIn(place, "made/here/mr-cpu-map-2-1.cpuprofile")).toEqual(inMap);
  });

  test("names the lines of an app in TypeScript as they are in its source", async ({ place }) => {
    const typed = app.replace("(word, ones)", "(word: string, ones: readonly unknown[])");
    place.write("app.ts", `interface Nothing {}\n\n${typed}`);
    await place.succeed("mr", ["run", "--cpu-prof", "-r", "1", "app.ts", place.write("a.txt", "a b")]);
    const places = profiles(place).flatMap((file) => {
      const { nodes } = v.parse(profileFormat, JSON.parse(place.read(file)));
      const ofApp = nodes.map(({ callFrame }) => callFrame).filter(({ url }) => url.endsWith("app.ts"));
      return ofApp.map(({ functionName, lineNumber }) => [functionName, lineNumber + 1]);
    });
    // V8 may count an inlined function as the one around it.
    const lines = new Map<unknown, number>([
      ["map", 4],
      ["reduce", 13],
      ["burnInMap", 17],
      ["burnInReduce", 20],
    ]);
    expect(places.length).toBeGreaterThan(1);
    for (const [name, line] of places) expect([name, line]).toEqual([name, lines.get(name)]);
  });

  test("of mr-worker goes to the directory of the job", async ({ place }) => {
    const inputs = prepare(place);
    const coordinator = place.start("mr-coordinator", ["-r", "1", "-o", "out", ...inputs]);
    const worker = place.start("mr-worker", ["--cpu-prof", "app.js"]);
    expect([(await coordinator.exit()).code, (await worker.exit()).code]).toEqual([0, 0]);
    expect(profiles(place).length).toBe(4);
    expect(profiles(place)[0]).toBe("out/mr-cpu-map-0-1.cpuprofile");
  });

  test("is refused where no file can be, and does not harm a job that cannot write there later", async ({ place }) => {
    const inputs = prepare(place);
    const refused = await place.run("mr", ["run", "--cpu-prof=a.txt", "app.js", ...inputs]);
    expectRefusal(refused, "CPU profiles", "a.txt", "not a directory");
    // Another process puts a file there meanwhile.
    const name = place.write("later.js", `${app}writeFileSync("taken", "");\n`);
    const { stderr } = await place.succeed("mr", ["run", "--cpu-prof=taken", "-r", "1", name, "a.txt"]);
    expect(stderr).toContain("[map 0] the CPU profile cannot be written: ");
    expect(place.read("mr-output/mr-out-0")).toBe("a 1\nb 1\n");
  });
});
