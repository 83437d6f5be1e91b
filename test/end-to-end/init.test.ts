import { expect } from "vitest";
import { expectRefusal, test } from "./programs.js";

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
