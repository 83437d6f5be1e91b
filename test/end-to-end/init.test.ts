import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "vitest";
import { expectRefusal, root, test } from "./programs.js";

test("mr init replaces nothing, and leaves nothing when it fails", async ({ place }) => {
  place.write("mine/data/sample.txt", "mine");
  expectRefusal(await place.run("mr", ["init", "mine"]), "mine/data/sample.txt already exists");
  place.write("other/data", "a file where a directory should be");
  expectRefusal(await place.run("mr", ["init", "other"]), /cannot make an app in other/);
  expectRefusal(await place.run("mr", ["init", "other/data/deep"]), /cannot make an app in other\/data\/deep/);
  expect(place.files()).toEqual(["mine/data/sample.txt", "other/data"]);
  // The first file is complete, but another one is not, as on a full disk.
  const mr = join(root, "dist/src/cli/mr.js");
  const inShell = ["-c", 'ulimit -f 1; exec "$@"', "sh", process.execPath, mr, "init", "full"];
  const { status, stderr } = spawnSync("sh", inShell, { cwd: place.directory, encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("cannot make an app in full");
  expect(place.exists("full")).toBe(false);
  place.write("git/.git", "");
  await place.succeed("mr", ["init", "--quiet", "git"]);
  expect(place.files("git")).toContain("git/app.ts");
});
