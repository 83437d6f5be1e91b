import { readFileSync } from "node:fs";

/** Where the middle of each cluster is, by the cluster's name. */
export type Centroids = ReadonlyMap<string, readonly number[]>;

/** Reads a file whose lines are `name x,y,...`; what comes then is ignored. */
export function readCentroids(file: string): Centroids {
  const centroids = new Map<string, number[]>();
  let dimensions: number | undefined;
  for (const line of readFileSync(file, "utf8").split(/\r?\n/)) {
    if (line === "") continue;
    const [name = "", coordinates = ""] = line.split(" ");
    const centroid = numbersOf(coordinates.split(","));
    dimensions ??= centroid?.length;
    if (centroid === undefined || centroid.length !== dimensions || centroids.has(name)) {
      throw new Error(`${file}: expected lines "name x,y,...", alike in length and each of another name: ${line}`);
    }
    centroids.set(name, centroid);
  }
  if (centroids.size === 0) throw new Error(`${file}: there is no centroid in it`);
  return centroids;
}

/** What fields stand for; nothing when one of them is no number. */
export function numbersOf(fields: readonly string[]): number[] | undefined {
  const numbers = fields.map(Number);
  return fields.every((field, i) => field.trim() !== "" && Number.isFinite(numbers[i])) ? numbers : undefined;
}
