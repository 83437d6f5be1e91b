/**
 * Journals, fed to the code that restores a job from them: mutated bytes, and intact records in combinations that no
 * coordinator writes.
 */
import fc from "fast-check";
import { checkInvariants } from "../../src/scheduler/cluster/invariants.js";
import { resumeJob } from "../../src/scheduler/cluster/job-ends.js";
import type { JournalRecord } from "../../src/scheduler/job/effects.js";
import { restore } from "../../src/scheduler/job/restore.js";
import { readRecord } from "../../src/coordinator/journal/records.js";
import { chunkSizes } from "../coordinator/journal/journal-bytes.js";
import { mutatedJournal, requirePrefix } from "../coordinator/journal/mutations.js";
import { oneJob } from "../scheduler/one-job.js";
import { jobSettings } from "../support/job-settings.js";
import { targetOf, type Target } from "./target.js";

/** For any bytes, the reader returns a prefix of the written records. */
export const journals: Target = targetOf(
  fc.tuple(mutatedJournal, chunkSizes),
  ([{ records, bytes }, sizes]) => {
    requirePrefix(records, bytes, sizes);
    return 1;
  },
  ([{ bytes }]) => JSON.stringify(Buffer.from(bytes).toString("latin1")),
);

const reducers = 2;
const settings = jobSettings({ reducers, partitioner: "range", badRecordsMax: 1_000_000 });

const number = fc.oneof({ weight: 9, arbitrary: fc.nat(3) }, fc.double(), fc.constant(2 ** 40));
const lostKind = fc.constantFrom("map", "reduce");
const kind = fc.constantFrom("sample", "map", "reduce");
const ref = fc.record({ kind, task: number, attempt: number });
const measures = {
  recordsIn: number,
  recordsOut: number,
  bytesIn: number,
  bytesOut: number,
  keys: number,
  spills: number,
  spilledBytes: number,
};
const split = fc.record({ file: fc.string(), path: fc.string(), startBytes: number, endBytes: number });
const app = fc.record({ name: fc.string(), hash: fc.string(), input: fc.constantFrom("file", "lines", "other") });
const record = fc.oneof(
  fc.record(
    {
      type: fc.constant("planned"),
      app,
      args: fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 }),
      splits: fc.array(split, { maxLength: 4 }),
      sample: fc.array(fc.array(split, { maxLength: 2 }), { maxLength: 2 }),
    },
    { requiredKeys: ["type", "app", "args", "splits"] },
  ),
  fc.record({ type: fc.constant("began"), ref, worker: fc.constantFrom("w1", "w2", "w", "x") }),
  fc.record(
    {
      type: fc.constant("committed"),
      ref,
      outputs: fc.array(fc.tuple(number, number, number), { maxLength: 3 }),
      skipped: fc.array(fc.record({ offset: number, endOffset: number }), { maxLength: 2 }),
      sampled: fc.array(fc.string(), { maxLength: 5 }),
      sideFiles: fc.array(fc.tuple(fc.constantFrom("a", "a.b", "../a", ""), number), { maxLength: 2 }),
      ...measures,
      counters: fc.array(fc.tuple(fc.constantFrom("a", "__proto__"), number), { maxLength: 2 }),
    },
    {
      requiredKeys: [
        ...["type", "ref", "outputs", "skipped", "sideFiles", "recordsIn", "recordsOut", "bytesIn", "bytesOut"],
        ...["keys", "spills", "spilledBytes", "counters"],
      ] as never[],
    },
  ),
  fc.record({ type: fc.constant("lost"), kind: lostKind, task: number }),
  fc.record({ type: fc.constant("skipped"), task: number, offset: number, error: fc.record({ message: fc.string() }) }),
  fc.jsonValue(),
);

/** Records are rejected, or lead to a state without contradictions. */
export const recovery: Target = targetOf(
  fc.array(record, { maxLength: 12 }),
  (records) => {
    const { cluster, state } = oneJob(settings);
    const known = records.map((one) => readRecord(JSON.parse(JSON.stringify(one))));
    if (isTakenUp(known, (one) => restore(state, one, 0))) {
      resumeJob(cluster, state, () => true, 0);
      checkInvariants(cluster, 0);
    }
    return 1;
  },
  (records) => JSON.stringify(records),
);

function isTakenUp(records: readonly (JournalRecord | undefined)[], take: (record: JournalRecord) => void): boolean {
  try {
    for (const one of records) {
      if (one === undefined) return false;
      take(one);
    }
    return true;
  } catch (error) {
    // A contradiction is reported as such; any other error is a bug.
    if (error instanceof Error && error.constructor === Error) return false;
    throw error;
  }
}
