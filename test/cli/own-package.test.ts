import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dependencyOn } from "../../src/cli/own-package.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

/** How a new app depends on a package at this place that npm recorded as coming from there. */
function dependency(place: string, from?: string) {
  const around = temporary.newDirectory();
  const directory = join(around, place, "mapreduce-ts");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(around, "pack age.tgz"), "");
  if (from !== undefined) {
    const packages = { "node_modules/mapreduce-ts": { version: "1.2.3", resolved: from } };
    writeFileSync(join(around, place, ".package-lock.json"), JSON.stringify({ packages }));
  }
  return dependencyOn({ directory, name: "mapreduce-ts", version: "1.2.3" }, join(around, "apps/mine"));
}

const install = "npm install";

test("a new app depends on a checkout by its path", () => {
  expect(dependency("src")).toEqual({ spec: "file:../../src/mapreduce-ts", install });
});

test("a new app depends on a global installation by version, and is linked to it", () => {
  expect(dependency("lib/node_modules")).toEqual({ spec: "^1.2.3", install: "npm link mapreduce-ts" });
});

test.each([
  ["a tarball", "file:../pack age.tgz", "file:../../pack age.tgz"],
  ["a tarball that is there no more", "file:../gone.tgz", "^1.2.3"],
  ["a registry", "https://registry.npmjs.org/mapreduce-ts/-/mapreduce-ts-1.2.3.tgz", "^1.2.3"],
  ["another address", "https://example.com/mapreduce-ts.tgz", "https://example.com/mapreduce-ts.tgz"],
  ["git", "git+ssh://git@example.com/mapreduce-ts.git#c0ffee", "git+ssh://git@example.com/mapreduce-ts.git#c0ffee"],
  ["somewhere that npm has not noted", undefined, "^1.2.3"],
])("a new app depends on a package that came from %s as that came", (_what, from, spec) => {
  expect(dependency("project/node_modules", from)).toEqual({ spec, install });
});
