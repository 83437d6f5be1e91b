/** Exports that are probably misspelt app exports: `Map`, `reducer`, `sort_values`. */
import { closestMatch } from "leven";

type Kind = "function" | "string" | "object" | "number" | "boolean or function" | "string or object";

/** Everything an app may export, and its type. */
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
  inputs: "object",
  csv: "object",
  jsonl: "object",
  writer: "string or object",
  needs: "object",
  args: "object",
  concurrency: "number",
  ratePerSecond: "number",
  steps: "object",
  reducers: "number",
};

/** The names used by Hadoop, mrjob and Spark. */
const synonyms: Readonly<Record<string, string>> = {
  mapper: "map",
  reducer: "reduce",
  combiner: "combine",
  partitioner: "partition",
  inputformat: "input",
  inputkinds: "inputs",
  inputkind: "input",
  cleanup: "teardown",
  recordreader: "readRecords",
  outputwriter: "writer",
  recordwriter: "writer",
  mapconcurrency: "concurrency",
  maxconcurrency: "concurrency",
  ratelimit: "ratePerSecond",
};

/** An app that exports the name on the right needs none on the left. */
const alternatives: Readonly<Record<string, string>> = {
  map: "mapBytes",
  mapBytes: "map",
  reduce: "reduceStream",
  reduceStream: "reduce",
  input: "readRecords",
  readRecords: "input",
};

/** A misspelt export, and the name that was probably meant. */
export interface NearMiss {
  readonly name: string;
  readonly meant: string;
}

/**
 * Finds exports that are probably misspelt: a different case or separators, the function's name in another system, or,
 * in names of five letters or more, one wrong letter or two swapped ones. An export of another type is a helper, and so
 * is one beside the correct name.
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
  // `combined` is a word in its own right.
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
  if (kind === "string or object") return typeof value === "string" || (typeof value === "object" && value !== null);
  return value !== null && typeof value === kind;
}
