import type { AttemptRef } from "../../model/attempt.js";
import type { InputsPage, ReduceInput } from "../../model/assignment.js";
import { findAttempt } from "./commit.js";
import { type State, type Worker, mapsAreDone } from "./model.js";

/**
 * The page size for listing inputs: a short piece of work, and a message far below the limit. With 50,000 maps a whole
 * list takes megabytes: the first reduces, which all ask at once, would keep the coordinator from its other work.
 */
const pageInputsMax = 1000;

/** Returns one page of the inputs of the reduce attempt that this worker runs, starting with map task `from`. */
export function listInputs(state: State, worker: Worker, ref: AttemptRef, from: number): InputsPage {
  const found = findAttempt(worker, ref);
  // While a map reruns, its new files are not known yet, and the old ones must not be read.
  if (found === undefined || ref.kind !== "reduce" || !mapsAreDone(state)) return { type: "stale" };
  // Pages from before and after a loss must not be combined.
  if (state.mapsLost !== found.attempt.mapsLostBefore) return { type: "stale" };
  const inputs: ReduceInput[] = [];
  let map = from;
  for (; map < state.maps.length && inputs.length < pageInputsMax; map += 1) {
    const input = state.maps[map]?.commit?.files?.input(map, ref.task);
    if (input !== undefined) inputs.push(input);
  }
  return { type: "page", inputs, ...(map < state.maps.length ? { next: map } : {}) };
}
