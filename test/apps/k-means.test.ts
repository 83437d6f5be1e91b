import { writeFileSync } from "node:fs";
import { testApp } from "mapreduce-ts";
import { expect, test } from "vitest";
import * as kMeans from "../../apps/k-means.js";
import { Choice } from "../../scripts/samples/choice.js";
import { points } from "../../scripts/samples/points.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

/** One iteration over some files, and its counts. */
async function run(centroids: string, files: readonly string[]) {
  const path = temporary.newPath();
  writeFileSync(path, centroids);
  const { outputs, counters } = await testApp(kMeans, files, { files: { "centroids.txt": path } });
  return { lines: outputs.map(({ key, value }) => `${key} ${value as string}`), counters };
}

/** One iteration over some files without their header. */
async function iterate(centroids: string, files: readonly string[], header = "x,y"): Promise<string[]> {
  return (
    await run(
      centroids,
      files.map((text) => `${header}\n${text}`),
    )
  ).lines;
}

test("k-means moves each centroid to the middle of the points that are nearest to it", async () => {
  const moved = await iterate("left 0,0\nright 10,0\n", ["1,1\n2,-3\n", "9,4\r\n3,2.5"]);
  expect(moved).toEqual(["left 2,0.166666666667 3", "right 9,4 1"]);
});

test("k-means reads coordinates in the order of the header, even if their names are numbers", async () => {
  expect(await iterate("a 0,100\n", ["1,99\n3,97"], "2020,2019")).toEqual(["a 2,98 2"]);
});

test("k-means reads its own output as the next centroids", async () => {
  const first = await iterate("a 0\nb 1", ["0\n1\n10\n11"], "x");
  expect(first).toEqual(["a 0 1", "b 7.33333333333 3"]);
  expect(await iterate(first.join("\n"), ["0\n1\n10\n11"], "x")).toEqual(["a 0.5 2", "b 10.5 2"]);
});

test("k-means does not move a centroid that is nearest to no point", async () => {
  expect(await iterate("a 1,2\nb 100,100.5", ["1,1\n", "2,2\n"])).toEqual(["a 1.5,1.5 2", "b 100,100.5 0"]);
});

test("k-means assigns a point equally near to two centroids to the first", async () => {
  expect(await iterate("b 0\na 2", ["1"], "x")).toEqual(["a 2 0", "b 1 1"]);
});

test("k-means counts rows that are not points with that number of coordinates", async () => {
  const files = ["x,y\n1,1\n1,\n,\n\n1,NaN\n1,Infinity\n 3 , 3e0\n", "x\n1\n", "x,y,z\n1,2,3\n"];
  expect(await run("a 0,0", files)).toEqual({ lines: ["a 2,2 2"], counters: { "malformed lines": 6 } });
});

test.each<[string, string, string]>([
  ["an empty file", "\n", "there is no centroid in it"],
  ["a centroid without a name", "1,2", 'expected lines "name x,y,..."'],
  [
    "two centroids of one name",
    "a 1\na 2",
    'expected lines "name x,y,...", alike in length and each of another name: a 2',
  ],
  ["centroids of different lengths", "a 1\nb 2,3", 'expected lines "name x,y,..."'],
  ["what is no number", "a x", 'expected lines "name x,y,..."'],
])("k-means refuses %s", async (_what, centroids, message) => {
  await expect(run(centroids, ["x\n1"])).rejects.toThrow(message);
});

test("k-means is refused without initial centroids", async () => {
  await expect(testApp(kMeans, ["x\n1"])).rejects.toThrow("app under test needs --file centroids.txt");
});

test("k-means run until nothing changes ends where Lloyd's algorithm ends", async () => {
  const csv = points(new Choice(7, 0), 500);
  const all = csv
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
  let centroids = all.slice(0, 3).map((point, number) => `${number} ${point.join()}`);
  for (let before: string[] = []; before.join() !== centroids.join();) {
    before = centroids;
    centroids = (await run(before.join("\n"), [csv])).lines;
  }
  const found = centroids.map((line) => line.split(" ")[1]?.split(",").map(Number));
  for (const [cluster, [x = 0, y = 0]] of lloyd(all, 3).entries()) {
    expect(found[cluster]?.[0]).toBeCloseTo(x, 9);
    expect(found[cluster]?.[1]).toBeCloseTo(y, 9);
  }
});

/** The oracle: points keep their cluster until no point changes its cluster. */
function lloyd(all: readonly number[][], k: number): number[][] {
  let middles = all.slice(0, k);
  let clusters: number[] = [];
  for (;;) {
    const next = all.map((point) => {
      const distances = middles.map((middle) => Math.hypot(...middle.map((m, i) => m - (point[i] ?? NaN))));
      return distances.indexOf(Math.min(...distances));
    });
    if (next.join() === clusters.join()) return middles;
    clusters = next;
    middles = middles.map((middle, cluster) => {
      const own = all.filter((_, point) => clusters[point] === cluster);
      return middle.map((_, i) => own.reduce((sum, point) => sum + (point[i] ?? NaN), 0) / own.length);
    });
  }
}
