import { readFileSync } from "node:fs";

/** Where the middle of each cluster is, by the cluster's name. */
export type Centroids = ReadonlyMap<string, readonly number[]>;

/** Read once for all records of a job: its arguments are one object. */
const known = new WeakMap<object, Centroids>();

/** Reads the file `--arg centroids=FILE`, whose lines are `name x,y,...`; what comes then is ignored. */
export function centroidsOf(args: Readonly<Record<string, string>>): Centroids {
  let centroids = known.get(args);
  if (centroids === undefined) known.set(args, (centroids = readCentroids(args["centroids"])));
  return centroids;
}

function readCentroids(file: string | undefined): Centroids {
  if (file === undefined) throw new Error("k-means needs a file with a centroid a line: --arg centroids=FILE");
  const centroids = new Map<string, number[]>();
  let dimensions: number | undefined;
  for (const line of readFileSync(file, "utf8").split(/\r?\n/)) {
    if (line === "") continue;
    const [name = "", coordinates = ""] = line.split(" ");
    const centroid = numbersOf(coordinates);
    dimensions ??= centroid?.length;
    if (centroid === undefined || centroid.length !== dimensions || centroids.has(name)) {
      throw new Error(`${file}: expected lines "name x,y,...", alike in length and each of another name: ${line}`);
    }
    centroids.set(name, centroid);
  }
  if (centroids.size === 0) throw new Error(`${file}: there is no centroid in it`);
  return centroids;
}

/** The numbers of a line that are separated by commas; nothing when one of them is no number. */
export function numbersOf(line: string): number[] | undefined {
  const fields = line.split(",");
  const numbers = fields.map(Number);
  return fields.every((field, i) => field.trim() !== "" && Number.isFinite(numbers[i])) ? numbers : undefined;
}
