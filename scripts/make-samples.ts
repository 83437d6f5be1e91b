/**
 * Puts small inputs for the bundled apps into `data/samples/`: logs of a web server, pages of some web sites, the edges
 * of a graph, points in the plane, two tables.
 *
 *     npm run samples
 *
 * They are the same on every machine. Complete files are left alone.
 */
import { realpathSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { makeFile } from "./made-file.js";
import { accessLog } from "./samples/access-log.js";
import { Choice } from "./samples/choice.js";
import { edgeList } from "./samples/graph.js";
import { points } from "./samples/points.js";
import { customers, orders } from "./samples/tables.js";
import { webPages } from "./samples/web.js";

const seed = 1;
const customerCount = 60;

/** Makes the samples in `directory`, by default the checkout's `data/samples/`, and returns their paths. */
export async function makeSamples(directory = fileURLToPath(new URL("../data/samples", import.meta.url))) {
  const paths: string[] = [];
  for (const [name, contents] of samples()) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await makeFile(path, Buffer.from(contents));
    paths.push(path);
  }
  return paths;
}

/** Each kind has its own stream of choices, so that changing one does not change the others. */
function samples(): [name: string, contents: string][] {
  return [
    ["access-1.log", accessLog(new Choice(seed, 1), 200, "common")],
    ["access-2.log", accessLog(new Choice(seed, 2), 150, "combined")],
    ["edges.txt", edgeList(new Choice(seed, 3), 100, 3)],
    ["points.csv", points(new Choice(seed, 4), 400)],
    ...webPages(new Choice(seed, 5)).map(({ path, html }): [string, string] => [join("web", path), html]),
    ["customers.csv", customers(new Choice(seed, 6), customerCount)],
    ["orders.csv", orders(new Choice(seed, 7), 200, customerCount)],
  ];
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const directory = fileURLToPath(new URL("../data/samples", import.meta.url));
  const paths = await makeSamples(directory);
  console.log(`${relative("", directory)}: ${paths.length} files are ready`);
}
