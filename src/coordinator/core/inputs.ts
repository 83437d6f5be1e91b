import type { AttemptRef, ReduceInput, ResultOf } from "../../rpc/protocol.js";
import { findAttempt } from "./commit.js";
import type { State, Worker } from "./model.js";
import { mapsAreDone } from "./model.js";

/** So many inputs are listed at a time: a millisecond's work, and a message that is nowhere near the longest. */
const pageInputsMax = 1000;

/** One page of the inputs of the reduce attempt that this worker runs, those of map task `from` and after. */
export function listInputs(state: State, worker: Worker, ref: AttemptRef, from: number): ResultOf<"ListInputs"> {
  const found = findAttempt(worker, ref);
  // While a map runs again its new files are not known yet, and the old ones are not to be read.
  if (found === undefined || ref.kind !== "reduce" || !mapsAreDone(state)) return { type: "stale" };
  // Pages of before and after a loss must not be read together.
  if (state.mapsLost !== found.attempt.mapsLostBefore) return { type: "stale" };
  const inputs: ReduceInput[] = [];
  let map = from;
  for (; map < state.maps.length && inputs.length < pageInputsMax; map += 1) {
    const input = state.maps[map]?.commit?.files?.input(map, ref.task);
    if (input !== undefined) inputs.push(input);
  }
  return { type: "page", inputs, ...(map < state.maps.length ? { next: map } : {}) };
}
