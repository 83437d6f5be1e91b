/**
 * The records of a job's journal: first a header that identifies the job, then the records of the scheduler. A record with a
 * correct checksum that matches no schema here was written by another version of this program.
 */
import * as v from "valibot";
import { appIdentity } from "../../model/app-identity.js";
import {
  argUse,
  attemptMeasures,
  attemptRef,
  namedOutputs,
  newlySkipped,
  sampledKeys,
  sideFiles,
  textKeyEnd,
  warnings,
  type OutputFile,
} from "../../model/attempt.js";
import { outputSettings, partitioner } from "../../model/job.js";
import { args, checksum, count, workerId } from "../../model/schemas.js";
import { recordPlace, split } from "../../model/split.js";
import type { JournalRecord } from "../../scheduler/job/effects.js";

/** Incremented with every change that makes older journals unreadable. */
const journalVersion = 4;

const file = v.strictObject({ name: v.string(), path: v.string(), sizeBytes: count, modifiedMs: v.number() });

/** The settings of the job that affect its result. */
const settings = v.strictObject({
  inputs: v.array(v.strictObject({ ...file.entries, input: v.optional(v.string()) })),
  reducers: count,
  partitioner,
  output: outputSettings,
  /** The coordinator's own `--arg` values. */
  args: v.optional(args),
  files: v.array(file),
  /** The value of `--split-size`; omitted when not given. */
  splitBytes: v.optional(count),
  /** The value of `--sample`; omitted when all inputs are mapped. */
  samplePercent: v.optional(v.number()),
});

const header = v.strictObject({
  type: v.literal("job"),
  version: v.literal(journalVersion),
  id: v.string(),
  /** The key of the workers' tokens, in hexadecimal. */
  secret: v.string(),
  /** The name prefix of intermediate files. */
  intermediatePrefix: v.string(),
  settings,
});

/**
 * Checked by hand rather than with a schema of tuples: a job of 50,000 maps and 1,000 partitions has 50 million files,
 * and checking them by schema takes longer than the rest of a resume.
 */
const outputFiles = v.custom<OutputFile[]>((found) => Array.isArray(found) && found.every(isOutputFile));

const text = v.string();
const record = v.variant("type", [
  v.strictObject({
    type: v.literal("planned"),
    app: appIdentity,
    args: args,
    /** The splits of each map task. */
    splits: v.array(v.pipe(v.array(split), v.minLength(1))),
    sample: v.optional(v.array(v.array(split))),
  }),
  v.strictObject({
    type: v.literal("combinesPlanned"),
    ranges: v.array(v.strictObject({ partition: count, fromMap: count, toMap: count })),
  }),
  v.strictObject({ type: v.literal("appChanged"), app: appIdentity }),
  v.strictObject({ type: v.literal("began"), ref: attemptRef, worker: workerId }),
  v.strictObject({
    type: v.literal("committed"),
    ref: attemptRef,
    outputs: outputFiles,
    skipped: v.array(recordPlace),
    newlySkipped: v.optional(newlySkipped),
    sampled: v.optional(sampledKeys),
    sideFiles,
    namedOutputs: v.optional(namedOutputs),
    warnings: v.optional(warnings),
    argUse: v.optional(argUse),
    checksum: v.optional(checksum),
    textKeyEnd: v.optional(textKeyEnd),
    ...attemptMeasures,
  }),
  v.strictObject({ type: v.literal("lost"), kind: v.picklist(["map", "combine", "reduce"]), task: count }),
  v.strictObject({
    type: v.literal("skipped"),
    task: count,
    offset: count,
    error: v.strictObject({ message: text, stack: v.optional(text) }),
  }),
]);

export type JobHeader = v.InferOutput<typeof header>;
export type JobInputs = JobHeader["settings"];

/** Creates the header of a new journal. */
export function headerOf(job: Omit<JobHeader, "type" | "version">): JobHeader {
  return { type: "job", version: journalVersion, ...job };
}

/** Reads the first record; undefined when another version wrote it. */
export function readHeader(first: unknown): JobHeader | undefined {
  const result = v.safeParse(header, first, { abortEarly: true });
  return result.success ? result.output : undefined;
}

/** Reads a later record; undefined when another version wrote it. */
export function readRecord(later: unknown): JournalRecord | undefined {
  const result = v.safeParse(record, later, { abortEarly: true });
  return result.success ? result.output : undefined;
}

/** The same check as `outputFile` of the attempt. */
function isOutputFile(found: unknown): boolean {
  if (!Array.isArray(found) || found.length !== 3) return false;
  const [partition, bytes, checksum] = found as unknown[];
  return isCount(partition) && isCount(bytes) && bytes >= 1 && isCount(checksum) && checksum <= 0xffffffff;
}

function isCount(found: unknown): found is number {
  return Number.isSafeInteger(found) && (found as number) >= 0;
}
