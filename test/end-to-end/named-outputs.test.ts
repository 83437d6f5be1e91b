/** `ctx.output(name)`: one file per group of keys, in a directory of its own. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { calls, called } from "./logged-app.js";
import { expectRefusal, linesOf, test, until, type Place } from "./programs.js";

/** Writes each key to the output that the part before the slash names, and every third one to the main output, too. */
const app = `
import { existsSync, appendFileSync } from "node:fs";
export const input = "lines";
export const map = (file, line, ctx) => ctx.emit(line, 1);
export const reduce = (key, ones, ctx) => {
  const [group, n] = key.split("/");
  ctx.output("group=" + group).emit(key, ones.length);
  if (n % 3 === 0) return ones.length;
};`;

/** The number comes first, so one key of every group precedes the second key of any group. */
const interleaved = app.replace('key.split("/")', 'key.split("/").reverse()');

function keysOf(groups: number, perGroup: number): string[] {
  return Array.from({ length: groups * perGroup }, (_, n) => `g${n % groups}/${Math.floor(n / groups)}`);
}

function filesIn(place: Place, directory: string): string[] {
  const path = join(place.directory, directory);
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

/** The lines of each group, from all of its files. */
function groupsIn(place: Place, directory: string): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const name of filesIn(place, directory)) {
    const [, group] = /^group=(.*)\/part-\d+(?:\.jsonl)?(?:\.gz)?$/.exec(name) ?? [];
    if (group === undefined) continue;
    const bytes = place.readBytes(`${directory}/${name}`);
    const lines = linesOf(String(name.endsWith(".gz") ? gunzipSync(bytes) : bytes));
    groups[group] = [...(groups[group] ?? []), ...lines].sort();
  }
  return groups;
}

describe.concurrent("ctx.output", () => {
  test("writes a file per name and task, the same wherever it runs, and mr cat merges all of them", async ({
    place,
  }) => {
    const keys = keysOf(5, 20);
    place.write("app.mjs", app);
    place.write("in.txt", `${keys.join("\n")}\n`);
    await place.succeed("mr", ["run", "-q", "-r", "2", "-o", "run", "./app.mjs", "in.txt"]);
    await place.succeed("mr", ["run", "-q", "-r", "2", "-o", "gz", "--compress", "gz", "./app.mjs", "in.txt"]);
    await place.succeed("mr", ["sequential", "-q", "-r", "2", "-o", "one", "./app.mjs", "in.txt"]);
    await place.pair("./app.mjs", ["in.txt"], ["-r", "2", "-o", "pair"]);
    const expected = Object.fromEntries(
      [0, 1, 2, 3, 4].map((g) => [
        `g${g}`,
        keys
          .filter((key) => key.startsWith(`g${g}/`))
          .map((key) => `${key} 1`)
          .sort(),
      ]),
    );
    const third = keys.filter((key) => Number(key.split("/")[1]) % 3 === 0);
    const all = [...keys, ...third].map((key) => `${key} 1`).sort();
    for (const directory of ["run", "gz", "one", "pair"]) {
      expect(groupsIn(place, directory)).toEqual(expected);
      expect(linesOf((await place.succeed("mr", ["cat", directory])).stdout)).toEqual(all);
      const { stdout } = await place.succeed("mr", ["verify", directory]);
      expect(stdout).toContain(`: 12 files, ${all.length} records, `);
      expect(filesIn(place, directory).filter((name) => name.startsWith("."))).toEqual([]);
    }
    expect(filesIn(place, "run").filter((name) => name.includes("part"))).toContain("group=g0/part-1");
    const first = await place.succeed("mr", ["cat", "run", "--top", "2", "--by", "key", "--format", "csv"]);
    expect(first.stdout).toBe("key,value\ng0/0,1\ng0/0,1\n");
  });

  test("may be called in any order of the names, more than may be open at once", async ({ place }) => {
    const keys = keysOf(60, 8).map((key) => key.split("/").reverse().join("/"));
    place.write("app.mjs", interleaved);
    place.write("in.txt", `${keys.join("\n")}\n`);
    for (const compress of ["none", "gz"]) {
      await place.succeed("mr", ["run", "-q", "-r", "1", "--compress", compress, "./app.mjs", "in.txt"]);
      const groups = groupsIn(place, "mr-output");
      expect(Object.keys(groups)).toHaveLength(60);
      expect(Object.values(groups).flat().sort()).toEqual(keys.map((key) => `${key} 1`).sort());
      for (const [group, lines] of Object.entries(groups)) {
        expect(lines.every((line) => line.endsWith(`/${group} 1`))).toBe(true);
        expect(lines).toHaveLength(8);
      }
      await place.succeed("mr", ["verify"]);
    }
  });

  test("writes in the layout of the app's writer, with a header in each file", async ({ place }) => {
    place.write("app.mjs", `${app}\nexport const writer = { format: "csv", columns: ["key", "n"] };`);
    place.write("in.txt", `${keysOf(2, 2).join("\n")}\n`);
    await place.succeed("mr", ["run", "-q", "-r", "1", "./app.mjs", "in.txt"]);
    expect(place.read("mr-output/group=g1/part-0.csv")).toBe("key,n\ng1/0,1\ng1/1,1\n");
    expect((await place.succeed("mr", ["cat"])).stdout).toBe("key,n\ng0/0,1\ng0/0,1\ng0/1,1\ng1/0,1\ng1/0,1\ng1/1,1\n");
  });

  test("leaves the earlier output when the job fails, and replaces it when it succeeds", async ({ place }) => {
    place.write("app.mjs", app);
    place.write("in.txt", `${keysOf(3, 2).join("\n")}\n`);
    await place.succeed("mr", ["run", "-q", "-r", "1", "./app.mjs", "in.txt"]);
    const before = filesIn(place, "mr-output");
    place.write("failing.mjs", app.replace("if (n", 'if (group === "g2") throw new Error("no"); if (n'));
    expect((await place.run("mr", ["run", "-q", "-r", "1", "./failing.mjs", "in.txt"])).code).toBe(1);
    expect(filesIn(place, "mr-output")).toEqual([...before, "mr-failed-report.json"].sort());
    await place.succeed("mr", ["verify"]);
    writeFileSync(join(place.directory, "mr-output/group=g1/notes.txt"), "mine");
    place.write("in.txt", "g0/1\n");
    await place.succeed("mr", ["run", "-q", "-r", "1", "--compress", "gz", "./app.mjs", "in.txt"]);
    expect(filesIn(place, "mr-output")).toEqual([
      "group=g0/part-0.gz",
      "group=g1/notes.txt",
      "mr-manifest.json",
      "mr-out-0.gz",
      "mr-report.json",
    ]);
    await place.succeed("mr", ["run", "-q", "-r", "1", "wc", "in.txt"]);
    expect(readdirSync(join(place.directory, "mr-output")).sort()).toEqual([
      "group=g1",
      "mr-manifest.json",
      "mr-out-0",
      "mr-report.json",
    ]);
  });

  test("fails by name where a file is in the way, and for names that cannot be", async ({ place }) => {
    place.write("app.mjs", app);
    place.write("in.txt", "g0/1\n");
    mkdirSync(join(place.directory, "out"));
    writeFileSync(join(place.directory, "out/group=g0"), "mine");
    const blocked = await place.run("mr", ["run", "-q", "-o", "out", "./app.mjs", "in.txt"]);
    expect(blocked.code).toBe(1);
    expect(blocked.stderr).toContain("out/group=g0 is not a directory; move it away, or choose another --output-dir");
    rmSync(join(place.directory, "out/group=g0"));
    await place.succeed("mr", ["run", "-q", "-o", "out", "--resume", "./app.mjs", "in.txt"]);
    expect(place.read(`out/${filesIn(place, "out")[0]}`)).toBe("g0/1 1\n");
    place.write("own.mjs", app.replace('"group=" + group', '"mr-out-0"'));
    const { code, stderr } = await place.run("mr", ["run", "-q", "-o", "own", "./own.mjs", "in.txt"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`an output cannot be called "mr-out-0": the job's own files begin with mr-`);
  });

  test("is verified, file by file", async ({ place }) => {
    place.write("app.mjs", app);
    place.write("in.txt", "g0/1\ng1/1\n");
    await place.succeed("mr", ["run", "-q", "-r", "1", "./app.mjs", "in.txt"]);
    rmSync(join(place.directory, "mr-output/group=g0/part-0"));
    writeFileSync(join(place.directory, "mr-output/group=g1/part-7"), "");
    const { code, stdout } = await place.run("mr", ["verify"]);
    expect(code).toBe(1);
    expect(linesOf(stdout)).toEqual([
      "group=g0/part-0: it is missing",
      "group=g1/part-7: it is not an output of the job",
    ]);
    expectRefusal(await place.run("mr", ["cat"]), "group=g0/part-0 is not what the job wrote: it is gone");
  });

  test("of finished tasks is kept by --resume, unless it is gone", async ({ place }) => {
    place.write(
      "app.mjs",
      app.replace(
        "const [group",
        'appendFileSync("calls", "reduce " + ctx.task + " " + ctx.attempt + "\\n"); while (ctx.task === 1 && !existsSync("go")); const [group',
      ),
    );
    place.write("in.txt", `${keysOf(4, 4).join("\n")}\n`);
    const job = ["run", "-q", "-w", "1", "-r", "2", "./app.mjs", "in.txt"];
    const killed = place.start("mr", job);
    await called(place, "reduce 1 1");
    killed.signal("SIGKILL");
    await killed.exit();
    await until(
      () => place.processes().length === 0,
      () => "the workers to end",
    );
    place.write("go", "");
    const before = calls(place).filter((call) => call.startsWith("reduce 0")).length;
    await place.succeed("mr", [...job, "--resume"]);
    expect(calls(place).filter((call) => call.startsWith("reduce 0"))).toHaveLength(before);
    expect(Object.values(groupsIn(place, "mr-output")).flat()).toHaveLength(16);
    await place.succeed("mr", ["verify"]);
  });
});
