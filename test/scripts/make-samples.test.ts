import { statSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { makeSamples } from "../../scripts/make-samples.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

test("the samples are small and the same each time, and complete files stay untouched", async () => {
  const [one, other] = [temporary.newPath(), temporary.newPath()];
  const paths = await makeSamples(one);
  expect(paths).toHaveLength(22);
  for (const path of paths) expect(statSync(path).size).toBeLessThan(30_000);
  const contents = paths.map((path) => readFileSync(path, "utf8"));
  const copies = await makeSamples(other);
  expect(copies.map((path) => relative(other, path))).toEqual(paths.map((path) => relative(one, path)));
  expect(copies.map((path) => readFileSync(path, "utf8"))).toEqual(contents);

  const log = join(one, "access-1.log");
  const inode = statSync(join(one, "edges.txt")).ino;
  writeFileSync(log, "half");
  await makeSamples(one);
  expect(paths.map((path) => readFileSync(path, "utf8"))).toEqual(contents);
  expect(statSync(join(one, "edges.txt")).ino).toBe(inode);
});
