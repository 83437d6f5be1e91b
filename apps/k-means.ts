/**
 * One iteration of k-means (Lloyd's algorithm) over points as CSV, one of the PUMA benchmarks: each point goes to the
 * nearest centroid, and each centroid to the middle of its points. To be run until nothing changes any more:
 *
 *     awk -F, 'NR > 1 && NR <= 4 { print NR - 1, $0 }' data/samples/points.csv > centroids.txt      # three of the points
 *     while mr run -q k-means --file centroids.txt -r 1 data/samples/points.csv &&
 *       ! cmp -s mr-output/mr-out-0 centroids.txt; do cp mr-output/mr-out-0 centroids.txt; done
 *
 * The first row of an input names the coordinates; rows that are not as many numbers as a centroid has are counted as
 * `malformed lines`. The centroids to begin with are lines `name x,y,...`; in another file they are given as `--file
 * FILE#centroids.txt`. Each line of the output is `name x,y,... points`: the cluster, its centroid, and how many points it
 * has.
 */
import type { HookContext, MapContext } from "mapreduce-ts";
import { numbersOf, readCentroids, type Centroids } from "./support/centroids.js";

export const input = "csv";

export const needs = ["--file centroids.txt"];
export const args: readonly string[] = [];

/** Some points of a cluster, or none: how many, then the sums of their coordinates. */
type Points = readonly number[];

let centroids: Centroids;

export function setup(ctx: HookContext<Points>): void {
  centroids = readCentroids(ctx.file("centroids.txt"));
  // So that reduce knows of clusters without points, too.
  if (ctx.kind === "map") for (const name of centroids.keys()) ctx.emit(name, [0]);
}

export function map(_filename: string, row: Record<string, string>, ctx: MapContext<Points>): void {
  const point = numbersOf(Object.values(row)) ?? [];
  const nearest = nearestTo(point);
  if (nearest === undefined) ctx.counter("malformed lines").add();
  else ctx.emit(nearest, [1, ...point]);
}

export function combine(_cluster: string, parts: Points[]): Points {
  const total: number[] = [];
  for (const part of parts) for (const [i, sum] of part.entries()) total[i] = (total[i] ?? 0) + sum;
  return total;
}

/** Rounded to what does not depend on the order in which fractions were added up. */
export function reduce(cluster: string, parts: Points[]): string {
  const [count = 0, ...sums] = combine(cluster, parts);
  const centroid = count === 0 ? centroids.get(cluster) : sums.map((sum) => sum / count);
  return `${centroid?.map((number) => Number(number.toPrecision(12))).join()} ${count}`;
}

/** Nothing when the point has another number of coordinates. */
function nearestTo(point: readonly number[]): string | undefined {
  let nearest: string | undefined;
  let least = Infinity;
  for (const [name, centroid] of centroids) {
    if (centroid.length !== point.length) return undefined;
    let distance = 0;
    for (const [i, coordinate] of centroid.entries()) distance += (coordinate - (point[i] ?? 0)) ** 2;
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest;
}
