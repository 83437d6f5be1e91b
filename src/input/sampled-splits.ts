import type { RecordKind } from "../model/input-kinds.js";
import type { Split } from "../model/split.js";
import { isCuttable, lengthOf } from "./splits.js";

/**
 * Selects the part of a job's splits that `--sample` keeps, always the same one. In files that are cut, it keeps that
 * percentage from the beginning of each split, up to a line end; otherwise that percentage of the files, spread evenly.
 * It keeps at least something of every kind, and everything when `percent` is undefined. Not to be confused with the
 * sample of keys that `--partitioner range` takes.
 */
export function sampledSplits(splits: readonly Split[], kind: RecordKind, percent: number | undefined): Split[] {
  if (percent === undefined) return [...splits];
  const part = (whole: number) => Math.max(1, Math.ceil((whole * percent) / 100));
  const wholes = splits.filter((split) => !isCuttable(kind, split));
  const count = part(wholes.length);
  const place = (n: number) => Math.floor((n * count) / wholes.length);
  const taken = new Set(wholes.filter((_, n) => place(n) !== place(n - 1)));
  return splits.flatMap((split) => {
    if (taken.has(split)) return [split];
    if (!isCuttable(kind, split)) return [];
    // Its reader takes every line that begins in it, to the end of the line.
    return [{ ...split, endBytes: split.startBytes + part(lengthOf(split)) }];
  });
}
