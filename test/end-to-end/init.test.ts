import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { linesOf, root, test, expectRefusal, type Place } from "./programs.js";

const run = promisify(execFile);

for (const [language, options] of [
  ["TypeScript", []],
  ["JavaScript", ["--javascript"]],
] as const) {
  const app = language === "TypeScript" ? "app.ts" : "app.js";

  const what = `mr init makes an app in ${language} that passes its test and runs, with the package as it is packed`;
  // The compiler takes its time on a busy machine.
  test(what, { timeout: 240_000 }, async ({ place }) => {
    const { stdout, stderr } = await place.succeed("mr", ["init", ...options, "my-app"]);
    expect(stdout).toBe("");
    expect(stderr).toContain("cd my-app && npm install");
    expect(JSON.parse(place.read("my-app/package.json"))).toMatchObject({ name: "my-app", private: true });
    expect(place.read("my-app/README.md")).toContain(`mr run ${app} `);
    expect(place.read("my-app/README.md")).not.toContain("{{");
    await install(place, "my-app");
    const npm = (...args: string[]) => run("npm", args, { cwd: join(place.directory, "my-app") });

    expect((await npm("test")).stdout).toMatch(/^# pass 2$/m);
    await npm("start");
    const counts = new Map<string, number>();
    for (const [word] of place
      .read("my-app/data/sample.txt")
      .toLowerCase()
      .matchAll(/[a-z]+/g)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    expect(linesOf(place.read("my-app/mr-output/mr-out-0"))).toEqual([...counts].map((pair) => pair.join(" ")).sort());
  });
}

test("mr init replaces nothing, and leaves nothing when it cannot be done", async ({ place }) => {
  place.write("mine/data/sample.txt", "mine");
  expectRefusal(await place.run("mr", ["init", "mine"]), "mine/data/sample.txt is there already");
  place.write("other/data", "a file where a directory should be");
  expectRefusal(await place.run("mr", ["init", "other"]), /cannot make an app in other/);
  expectRefusal(await place.run("mr", ["init", "other/data/deep"]), /cannot make an app in other\/data\/deep/);
  expect(place.files()).toEqual(["mine/data/sample.txt", "other/data"]);
  place.write("git/.git", "");
  await place.succeed("mr", ["init", "--quiet", "git"]);
  expect(place.files("git")).toContain("git/app.ts");
});

/** What `npm install` would do, without the network: the package is unpacked, and its dependencies are those of here. */
async function install(place: Place, directory: string): Promise<void> {
  const modules = join(place.directory, directory, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  const packed = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", place.directory], { cwd: root });
  await run("tar", ["xzf", join(place.directory, packed.stdout.trim()), "-C", modules]);
  await run("mv", [join(modules, "package"), join(modules, "mapreduce-ts")]);
  for (const name of ["tsx", "typescript", "@types"])
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  symlinkSync("../mapreduce-ts/dist/src/cli/mr.js", join(modules, ".bin/mr"));
  symlinkSync("../typescript/bin/tsc", join(modules, ".bin/tsc"));
}
