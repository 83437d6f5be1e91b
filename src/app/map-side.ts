import { createHash } from "node:crypto";
import { descriptionOf } from "./plain-fold.js";

/** The exports of an app that decide what its map tasks write. */
const names = [
  ...["map", "mapBytes", "combine", "partition", "groupKey", "sortValues", "readRecords", "setup", "teardown"],
  ...["input", "inputs", "csv", "jsonl"],
] as const;
const hashLength = 16;

/** In place of a hash, for a function without a text, such as one that `bind` returned. */
const incomparable = "";

/**
 * A short hash of each export that decides what the map tasks write, by its name: of the text of a function, else of
 * its value; an aggregator with its options. Code that another function calls does not show.
 */
export function mapSideOf(app: Record<string, unknown>): Record<string, string> {
  const found = names.filter((name) => app[name] !== undefined);
  return Object.fromEntries(found.map((name) => [name, hashOf(app[name])]));
}

/**
 * The first export in which two apps differ or cannot be compared; undefined when the map tasks of both write the same,
 * as far as is visible.
 */
export function differingExport(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string | undefined {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].find(
    (name) => before[name] !== now[name] || before[name] === incomparable,
  );
}

function hashOf(value: unknown): string {
  const text = textOf(value);
  if (text.includes("{ [native code] }")) return incomparable;
  return createHash("sha256").update(text).digest("hex").slice(0, hashLength);
}

function textOf(value: unknown): string {
  if (typeof value === "function") return descriptionOf(value) ?? String(value);
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "function" ? String(inner) : inner));
}
