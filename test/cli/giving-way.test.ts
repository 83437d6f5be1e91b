import { Command } from "@commander-js/extra-typings";
import { expect, test } from "vitest";
import { sourcesOf } from "../../src/cli/giving-way.js";

test.each([
  ["cli", "this job"],
  ["env", "many jobs"],
  ["config", "many jobs"],
  ["default", "nobody"],
])("a value from %s was set for %s", (source, whom) => {
  const command = new Command().setOptionValueWithSource("memory", 1, source);
  expect(sourcesOf(command)("memory")).toBe(whom);
});

test("an option that was turned off, and one that the command does not have, are set by nobody", () => {
  const sourceOf = sourcesOf(new Command().setOptionValueWithSource("resume", undefined, "cli"));
  expect([sourceOf("resume"), sourceOf("workers")]).toEqual(["nobody", "nobody"]);
});
