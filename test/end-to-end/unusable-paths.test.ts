/**
 * Paths that cannot exist, wherever a user names a file to write. Versions of Node.js differ in which calls throw
 * ENOTDIR and which ignore it, so each path must be refused in the same words on every version.
 */
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { expectRefusal, test, type Place, type ProgramName } from "./programs.js";

/** The form of the paths that each test tries, and what is wrong with them. */
const paths = [
  ["below a file", "in.txt/x", /not a directory/],
  ["a link to a path below a file", "link", /not a directory/],
  ["below a link to itself", "loop/x", /leads to itself/],
] as const;

const commands: readonly (readonly [string, ProgramName, (path: string) => string[]])[] = [
  ["mr run --trace", "mr", (path) => ["run", "--trace", path, "wc", "in.txt"]],
  ["mr run -o", "mr", (path) => ["run", "-o", path, "wc", "in.txt"]],
  ["mr run --dry-run -o", "mr", (path) => ["run", "--dry-run", "-o", path, "wc", "in.txt"]],
  ["mr run --cpu-prof", "mr", (path) => ["run", `--cpu-prof=${path}`, "wc", "in.txt"]],
  ["mr sequential -o", "mr", (path) => ["sequential", "-o", path, "wc", "in.txt"]],
  ["mr sequential --cpu-prof", "mr", (path) => ["sequential", `--cpu-prof=${path}`, "wc", "in.txt"]],
  ["mr pipeline -o", "mr", (path) => ["pipeline", "-o", path, "-i", "in.txt", "--", "wc", "next.mjs"]],
  ["mr init", "mr", (path) => ["init", path]],
  ["mr-coordinator --trace", "mr-coordinator", (path) => ["--trace", path, "in.txt"]],
  ["mr-coordinator -o", "mr-coordinator", (path) => ["-o", path, "in.txt"]],
  ["mr-worker --cpu-prof", "mr-worker", (path) => [`--cpu-prof=${path}`, "wc"]],
];

function prepare(place: Place): string[] {
  place.write("in.txt", "a b a\n");
  place.write("next.mjs", "export const map = () => {};\nexport const reduce = () => 1;\n");
  symlinkSync("in.txt/x", join(place.directory, "link"));
  symlinkSync("loop", join(place.directory, "loop"));
  return place.files();
}

describe.each(commands)("%s", (_, program, args) => {
  test.for(paths)("refuses a path that is %s", async ([, path, why], { place }) => {
    const before = prepare(place);
    expectRefusal(await place.run(program, args(path)), path, why);
    expect(place.files()).toEqual(before);
  });
});

describe("mr report", () => {
  for (const option of ["-o", "--trace"]) {
    test.for(paths)(`${option} refuses a path that is %s`, async ([, path, why], { place }) => {
      prepare(place);
      await place.succeed("mr", ["run", "-r", "1", "wc", "in.txt"]);
      expectRefusal(await place.run("mr", ["report", option, path]), path, why);
    });
  }
});

describe("a socket", () => {
  test.for(paths.filter(([, path]) => path !== "link"))(
    "at a path that is %s is refused by the coordinator",
    async ([, path], { place }) => {
      const before = prepare(place);
      expectRefusal(await place.run("mr-coordinator", ["-s", path, "in.txt"]), `cannot listen at ${path}`);
      expect(place.files()).toEqual(before);
    },
  );
});
