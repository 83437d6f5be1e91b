import * as v from "valibot";

const place = { pid: v.pipe(v.number(), v.safeInteger()), tid: v.pipe(v.number(), v.safeInteger()) };
const microseconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const args = v.record(v.string(), v.unknown());

/** The description in the Trace Event Format of the events that are used here, and nothing else. */
export const traceFormat = v.strictObject({
  traceEvents: v.array(
    v.variant("ph", [
      v.strictObject({
        ...place,
        ph: v.literal("M"),
        name: v.picklist(["process_name", "process_labels", "process_sort_index", "thread_name", "thread_sort_index"]),
        args: v.union([v.strictObject({ name: v.string() }), v.strictObject({ sort_index: v.number() })]),
      }),
      v.strictObject({
        ...place,
        ph: v.literal("X"),
        name: v.string(),
        cat: v.string(),
        ts: microseconds,
        dur: microseconds,
        args,
      }),
      v.strictObject({
        ...place,
        ph: v.literal("i"),
        s: v.picklist(["g", "p", "t"]),
        name: v.string(),
        cat: v.string(),
        ts: microseconds,
        args,
      }),
      v.strictObject({
        ...place,
        ph: v.literal("C"),
        name: v.string(),
        ts: microseconds,
        args: v.record(v.string(), v.number()),
      }),
    ]),
  ),
  displayTimeUnit: v.picklist(["ms", "ns"]),
  otherData: v.record(v.string(), v.string()),
});
