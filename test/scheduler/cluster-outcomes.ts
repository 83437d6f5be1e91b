import type { AttemptOutcome, AttemptRef, OutputFile, SideFiles } from "../../src/model/attempt.js";
import type { ReduceInput } from "../../src/model/assignment.js";

const classes = ["error", "crash", "timeout", "memory", "io", "released"] as const;

/**
 * The report of a finished attempt. Some partitions of a map stay empty; which ones varies between attempts. Some combine
 * attempts make no file for their partition, which is `combined`.
 */
export function done(ref: AttemptRef | undefined, reducers: number, how = 0, combined?: number): AttemptOutcome {
  const partitions = Array.from({ length: ref?.kind === "map" ? reducers : 0 }, (_, partition) => partition);
  const outputs = [...partitions, ...(combined === undefined ? [] : [combined])]
    .filter((partition) => (partition + how) % 3 !== 0)
    .map((partition): OutputFile => [partition, how + 1, how]);
  const counters: [string, number][] = [["how", how]];
  const sampled = ref?.kind === "sample" ? { sampled: keysOf(ref.task, how) } : {};
  const ofOutput = ref?.kind === "reduce" || (ref?.kind === "map" && reducers === 0) ? { checksum: how } : {};
  const sideFiles: SideFiles = how % 2 === 0 ? [] : [["side", how]];
  const measures = {
    recordsIn: 1,
    recordsOut: how,
    bytesIn: 1,
    bytesOut: 1,
    keys: how,
    spills: how,
    spilledBytes: how,
  };
  return { type: "done", outputs, skipped: [], ...sampled, ...ofOutput, sideFiles, ...measures, counters };
}

/** The keys of a sample, which vary between attempts. */
function keysOf(task: number, how: number): string[] {
  return Array.from({ length: how % 6 }, (_, index) => String.fromCodePoint(0xfff0 + ((index * 7 + how + task) % 32)));
}

/** A failure of any class except the two handled below; with or without a record. */
export function failed(how: number): AttemptOutcome {
  const record = how % 3 === 0 ? {} : { record: (how % 4) * 10 };
  return { type: "failed", class: classes[how % classes.length] ?? "error", message: `boom ${how % 2}`, ...record };
}

/** A reduce cannot read some of its inputs, or falsely reports files that were never inputs. */
export function damaged(inputs: readonly ReduceInput[], how: number): AttemptOutcome {
  const named = inputs.filter((_, index) => (index + how) % 3 === 0);
  const files = named.map(([map, attempt]): [number, number] => [map, attempt + (how % 7 === 0 ? 1 : 0)]);
  return { type: "failed", class: "damaged", message: "cannot read", damaged: files };
}
