/** Exports that look like those of an app and are none: `Map`, `reducer`, `sort_values`. */
import { closestMatch } from "leven";

type Kind = "function" | "string" | "object" | "number" | "boolean or function";

/** All that an app may export, and what it is. */
const exportKinds: Readonly<Record<string, Kind>> = {
  map: "function",
  mapBytes: "function",
  reduce: "function",
  reduceStream: "function",
  combine: "function",
  partition: "function",
  groupKey: "function",
  readRecords: "function",
  setup: "function",
  teardown: "function",
  sortValues: "boolean or function",
  input: "string",
  csv: "object",
  jsonl: "object",
  writer: "object",
  needs: "object",
  args: "object",
  steps: "object",
  reducers: "number",
};

/** What they are called in Hadoop, mrjob and Spark. */
const synonyms: Readonly<Record<string, string>> = {
  mapper: "map",
  reducer: "reduce",
  combiner: "combine",
  partitioner: "partition",
  inputformat: "input",
  inputkind: "input",
  cleanup: "teardown",
  recordreader: "readRecords",
  outputwriter: "writer",
  recordwriter: "writer",
};

/** Whoever exports the one on the right needs none of the left. */
const alternatives: Readonly<Record<string, string>> = {
  map: "mapBytes",
  mapBytes: "map",
  reduce: "reduceStream",
  reduceStream: "reduce",
  input: "readRecords",
  readRecords: "input",
};

/** An export, and the one that was probably meant. */
export interface NearMiss {
  readonly name: string;
  readonly meant: string;
}

/**
 * Finds the exports that are probably a slip: the same letters in another case or with separators, a name that the function
 * has in other systems, or one wrong letter, or another order of letters, in a name of five or more. What has another type
 * is a helper, and so is what stands beside the right name.
 */
export function nearMisses(exports: Readonly<Record<string, unknown>>): NearMiss[] {
  return Object.entries(exports).flatMap(([name, value]) => {
    if (Object.hasOwn(exportKinds, name)) return [];
    const meant = meantBy(name);
    if (meant === undefined || isGiven(exports, meant)) return [];
    return isOfKind(value, exportKinds[meant]) ? [{ name, meant }] : [];
  });
}

function meantBy(name: string): string | undefined {
  const plain = name.replaceAll(/[_$-]/g, "").toLowerCase();
  const known = Object.keys(exportKinds);
  const same = known.find((other) => other.toLowerCase() === plain) ?? synonyms[plain];
  if (same !== undefined) return same;
  const long = known.map((other) => other.toLowerCase()).filter(({ length }) => length >= 5);
  const near = closestMatch(plain, long, { maxDistance: 1 }) ?? long.find((other) => sorted(other) === sorted(plain));
  // `inputs` and `combined` are words of their own.
  if (near === undefined || plain === `${near}s` || plain === `${near}d`) return undefined;
  return known.find((other) => other.toLowerCase() === near);
}

function isGiven(exports: Readonly<Record<string, unknown>>, name: string): boolean {
  return [name, alternatives[name]].some((other) => other !== undefined && exports[other] !== undefined);
}

function sorted(name: string): string {
  return Array.from(name).sort().join("");
}

function isOfKind(value: unknown, kind: Kind | undefined): boolean {
  if (kind === "boolean or function") return typeof value === "boolean" || typeof value === "function";
  return value !== null && typeof value === kind;
}
