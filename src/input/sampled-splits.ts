import type { RecordKind } from "../app/input-kinds.js";
import type { Split } from "../rpc/protocol.js";
import { isCuttable, lengthOf } from "./splits.js";

/**
 * The part of a job's splits that `--sample` leaves, always the same one: of files that are cut, so much of the beginning
 * of each split, up to a line end; of others so many files, spread evenly. Never nothing of something, and all when
 * `percent` is undefined. Not to be confused with the sample that `--partitioner range` takes of the keys.
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
    // Its reader takes the lines that begin in it, and those to their end.
    return [{ ...split, endBytes: split.startBytes + part(lengthOf(split)) }];
  });
}
