/**
 * What stands in a job's journal: first a header that says which job it is, then what the core wants to be remembered.
 * A record whose checksum is right and that is none of these was written by another version of this program.
 */
import * as v from "valibot";
import * as protocol from "../../rpc/protocol.js";
import type { JournalRecord } from "../core/events.js";

/** Raised by one with every change after which an older journal cannot be read. */
const journalVersion = 3;

const { count } = protocol;

const file = v.strictObject({ name: v.string(), path: v.string(), sizeBytes: count, modifiedMs: v.number() });

/** What the job is run with, as far as another value would give another result. */
const settings = v.strictObject({
  inputs: v.array(file),
  reducers: count,
  partitioner: protocol.partitioner,
  output: protocol.outputSettings,
  /** The coordinator's own `--arg` values. */
  args: v.optional(protocol.args),
  files: v.array(file),
  /** Of `--split-size`; left out when it was not given. */
  splitBytes: v.optional(count),
  /** Of `--sample`; left out when all inputs are mapped. */
  samplePercent: v.optional(v.number()),
});

const header = v.strictObject({
  type: v.literal("job"),
  version: v.literal(journalVersion),
  id: v.string(),
  /** By which the tokens of workers are made, in hexadecimal. */
  secret: v.string(),
  /** What the names of intermediate files begin with. */
  intermediatePrefix: v.string(),
  settings,
});

/**
 * By hand, and not by a schema of tuples: a job of 50,000 maps and 1,000 partitions has 50 million of them, and to check
 * them that way takes longer than all else that resuming it does.
 */
const outputFiles = v.custom<protocol.OutputFile[]>((found) => Array.isArray(found) && found.every(isOutputFile));

const text = v.string();
const record = v.variant("type", [
  v.strictObject({
    type: v.literal("planned"),
    app: protocol.appIdentity,
    args: protocol.args,
    splits: v.array(protocol.split),
    sample: v.optional(v.array(v.array(protocol.split))),
  }),
  v.strictObject({ type: v.literal("began"), ref: protocol.attemptRef, worker: protocol.workerId }),
  v.strictObject({
    type: v.literal("committed"),
    ref: protocol.attemptRef,
    outputs: outputFiles,
    skipped: v.array(protocol.recordPlace),
    sampled: v.optional(protocol.sampledKeys),
    sideFiles: protocol.sideFiles,
    warnings: v.optional(protocol.warnings),
    argUse: v.optional(protocol.argUse),
    checksum: v.optional(protocol.checksum),
    textKeyEnd: v.optional(protocol.textKeyEnd),
    ...protocol.attemptMeasures,
  }),
  v.strictObject({ type: v.literal("lost"), kind: v.picklist(["map", "reduce"]), task: count }),
  v.strictObject({
    type: v.literal("skipped"),
    task: count,
    offset: count,
    error: v.strictObject({ message: text, stack: v.optional(text) }),
  }),
]);

export type JobHeader = v.InferOutput<typeof header>;
export type JobInputs = JobHeader["settings"];

/** The header of a new journal. */
export function headerOf(job: Omit<JobHeader, "type" | "version">): JobHeader {
  return { type: "job", version: journalVersion, ...job };
}

/** Reads the first record; undefined when it is of another version. */
export function readHeader(first: unknown): JobHeader | undefined {
  const result = v.safeParse(header, first, { abortEarly: true });
  return result.success ? result.output : undefined;
}

/** Reads a later record; undefined when it is of another version. */
export function readRecord(later: unknown): JournalRecord | undefined {
  const result = v.safeParse(record, later, { abortEarly: true });
  return result.success ? result.output : undefined;
}

/** As `outputFile` of the protocol. */
function isOutputFile(found: unknown): boolean {
  if (!Array.isArray(found) || found.length !== 3) return false;
  const [partition, bytes, checksum] = found as unknown[];
  return isCount(partition) && isCount(bytes) && bytes >= 1 && isCount(checksum) && checksum <= 0xffffffff;
}

function isCount(found: unknown): found is number {
  return Number.isSafeInteger(found) && (found as number) >= 0;
}
