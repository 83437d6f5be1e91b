import type { JobAttemptRef } from "../../model/attempt.js";
import type { InputsPage, ReduceInput } from "../../model/assignment.js";
import { findAttempt } from "./attempts.js";
import { type JobState, type Slot, mapsAreDone } from "./job.js";
import { readsMapFiles } from "./task.js";

/**
 * The page size for listing inputs: a short piece of work, and a message far below the limit. With 50,000 maps a whole
 * list takes megabytes: the first reduces, which all ask at once, would keep the coordinator from its other work.
 */
const pageInputsMax = 1000;

/**
 * Returns one page of the inputs of the combine or reduce attempt that this worker runs, starting with map task `from`. In
 * place of the files of a range of map tasks, a reduce attempt gets the file of the combine task that has merged them.
 */
export function listInputs(state: JobState, slot: Slot, ref: JobAttemptRef, from: number): InputsPage {
  const found = findAttempt(slot, ref);
  // While a map reruns, its new files are not known yet, and the old ones must not be read.
  if (found === undefined || !readsMapFiles(found.task) || !mapsAreDone(state)) return { type: "stale" };
  // Pages from before and after a loss must not be combined.
  if (state.mapsLost !== found.attempt.mapsLostBefore) return { type: "stale" };
  const { range = { partition: ref.task, fromMap: 0, toMap: state.maps.length } } = found.task;
  const combined = found.task.kind === "reduce" ? combinedRanges(state, ref.task) : new Map<number, CombinedRange>();
  const inputs: ReduceInput[] = [];
  let map = Math.max(from, range.fromMap);
  while (map < range.toMap && inputs.length < pageInputsMax) {
    const merged = combined.get(map);
    const input = merged?.input ?? state.maps[map]?.commit?.files?.input(map, range.partition);
    if (input !== undefined) inputs.push(input);
    map = merged?.toMap ?? map + 1;
  }
  return { type: "page", inputs, ...(map < range.toMap ? { next: map } : {}) };
}

interface CombinedRange {
  readonly input: ReduceInput;
  readonly toMap: number;
}

/** The ranges of map tasks whose files for a partition are merged in one, by the first map task. */
function combinedRanges({ combinesOf }: JobState, partition: number): Map<number, CombinedRange> {
  const ranges = new Map<number, CombinedRange>();
  for (const { range, commit } of combinesOf.get(partition) ?? []) {
    if (range !== undefined && commit?.combined !== undefined) {
      ranges.set(range.fromMap, { input: commit.combined, toMap: range.toMap });
    }
  }
  return ranges;
}
