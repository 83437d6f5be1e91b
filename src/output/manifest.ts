/**
 * `mr-manifest.json`: describes a job and its output. It is in the output directory if and only if the output of a
 * finished job is: it is the last file to be published, and the first to be removed when another job's output replaces
 * it.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { inputOf, type InputFile } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import { type RecordKind, inputText, type AppInputs } from "../model/input-kinds.js";
import { sumsOfCounters, type Count, type Measures } from "../model/measures.js";
import { attemptMeasures, type NamedOutputs } from "../model/attempt.js";
import { count } from "../model/schemas.js";
import type { SharedFile } from "../model/split.js";
import { isNamedOutputFile, namedOutputFile } from "../model/output-names.js";
import { looksLikeOutput, manifestName, stagedName, temporaryManifestName } from "./names.js";
import {
  outputFormats,
  outputOf,
  type OutputSettings,
  type RecordLayout,
  textKeyEnds,
  type TextKeyEnd,
} from "../model/output-format.js";
import { requireWhole } from "./whole-output.js";
import { writeWhole } from "../storage/staged-file.js";

/**
 * Incremented with every change that older programs must not ignore. Version 2 describes outputs whose records are not
 * a key and a value, or that the app has named; all others have version 1, which earlier programs read, too.
 */
const manifestVersions = [1, 2] as const;

const time = v.pipe(v.string(), v.isoTimestamp());

const measures = v.object({
  ...attemptMeasures,
  /** The app's own counters. Not a `v.record`, which drops names such as `constructor`. */
  counters: v.custom<Record<string, number>>(areCounters),
});

/** `modified` is missing for a time whose year does not have four digits. */
const file = v.object({ name: v.string(), path: v.string(), bytes: count, modified: v.optional(time) });

/** A newer program may add properties, which are ignored. */
const finishedJob = v.object({
  /**
   * `hash` is the SHA-256 of the module's file, in hexadecimal; for a step of a pipeline, it includes the step's
   * number.
   */
  app: v.object({ name: v.string(), hash: v.string(), input: v.string() }),
  args: v.record(v.string(), v.string()),
  /** The names of the args that the app has read or declares. */
  argsRead: v.optional(v.array(v.string())),
  /** In the order in which they were given. `input` is the input of the app that a file was given for, if it declares several. */
  inputs: v.array(v.object({ ...file.entries, input: v.optional(v.string()) })),
  /** The files given by `--file`; missing when there were none. */
  files: v.optional(v.array(file)),
  options: v.object({
    reducers: count,
    /** Missing when keys are assigned by hash, or by the app. */
    partitioner: v.optional(v.literal("range")),
    /** Missing when all inputs were mapped. */
    samplePercent: v.optional(v.number()),
    /** `app`: the app's own writer. */
    outputFormat: v.picklist([...outputFormats, "app"]),
    /** The columns of a csv or tsv output whose app names them. */
    columns: v.optional(v.array(v.string())),
    /** Whether the records contain only values, without keys. */
    values: v.optional(v.literal(true)),
    compress: v.picklist(["none", "gz"]),
    /** Missing when a resumed job kept the splits it had before. */
    splitBytes: v.optional(count),
    skipBadRecords: count,
  }),
  tasks: v.object({ map: count, reduce: count }),
  badRecords: count,
  map: measures,
  reduce: measures,
  started: time,
  ended: time,
  elapsedMs: count,
});

const manifest = v.object({
  manifest: v.picklist(manifestVersions),
  engine: v.object({ name: v.string(), version: v.string() }),
  /** The id of the job, which shows whether a job that was killed at that moment is done. */
  job: v.optional(v.string()),
  /** Whether the job kept its intermediate files. */
  keptIntermediate: v.optional(v.boolean()),
  ...finishedJob.entries,
  /** In task order. `crc32` is the checksum of the whole file, in eight hexadecimal digits. */
  outputs: v.array(
    v.object({
      name: v.pipe(v.string(), v.check(isOutputName)),
      records: count,
      bytes: count,
      crc32: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
      /** Where the keys in a `text` file end. Missing for other formats, and in manifests of earlier versions. */
      keyEnd: v.optional(v.picklist(textKeyEnds)),
    }),
  ),
  /** The earlier steps of a pipeline, in order; the inputs of this job are the output of the last. */
  earlierSteps: v.optional(v.array(finishedJob)),
});

export type Manifest = v.InferOutput<typeof manifest>;

function isOutputName(name: string): boolean {
  return (looksLikeOutput(name) && /^[\w.-]+$/.test(name)) || isNamedOutputFile(name);
}

/** The description of an earlier step in a manifest. */
export type EarlierStep = v.InferOutput<typeof finishedJob>;

/** The totals of the app's counters in a finished step. */
export function countersOfStep({ map, reduce }: EarlierStep): Count[] {
  return sumsOfCounters(Object.entries(map.counters), Object.entries(reduce.counters));
}

function areCounters(found: unknown): boolean {
  const isObject = typeof found === "object" && found !== null && !Array.isArray(found);
  return isObject && Object.values(found).every((count) => typeof count === "number");
}

/** An output file, as its task reported it. */
export interface OutputFacts {
  readonly name: string;
  readonly records: number;
  readonly bytes: number;
  /** CRC-32. */
  readonly checksum: number;
  readonly textKeyEnd?: TextKeyEnd | undefined;
}

/** Describes an output that the app named in a reduce task. */
export function namedOutputFacts(fact: NamedOutputs[number], task: number, suffix: string): OutputFacts {
  const [directory, records, bytes, checksum, textKeyEnd] = fact;
  return { name: namedOutputFile(directory, task, suffix), records, bytes, checksum, textKeyEnd };
}

/** The facts from which a manifest is built. */
export interface JobFacts {
  readonly engineVersion: string;
  readonly keptIntermediate?: boolean;
  readonly app: {
    readonly name: string;
    readonly hash: string;
    readonly input?: RecordKind | undefined;
    readonly inputs?: AppInputs["inputs"];
    readonly extension?: string | undefined;
    readonly layout?: RecordLayout | undefined;
  };
  readonly args: Readonly<Record<string, string>>;
  readonly argsRead: readonly string[];
  readonly inputs: readonly InputFile[];
  readonly files: readonly SharedFile[];
  readonly reducers: number;
  readonly partitioner?: "hash" | "range" | undefined;
  readonly samplePercent?: number | undefined;
  readonly output: OutputSettings;
  readonly splitBytes: number | undefined;
  readonly badRecordsMax: number;
  readonly mapTasks: number;
  readonly outputs: readonly OutputFacts[];
  readonly badRecords: number;
  readonly map: Measures;
  readonly reduce: Measures;
  readonly elapsedMs: number;
  readonly earlierSteps: readonly EarlierStep[];
}

/** Writes the manifest of a finished job under its staged name. Throws the system's error; then no file is left. */
export function writeManifest(directory: string, jobId: string, job: JobFacts): void {
  const temporaryPath = join(directory, temporaryManifestName(jobId));
  // Left by a coordinator that was killed here and whose job was resumed.
  rmSync(temporaryPath, { force: true });
  const text = `${JSON.stringify(manifestOf(jobId, job, Date.now()), null, 2)}\n`;
  writeWhole(temporaryPath, join(directory, stagedName(jobId, manifestName)), text, (file) => file.finish());
}

/**
 * Reads the manifest of a directory. Throws an InputError when it is missing or unreadable, or the output is
 * incomplete.
 */
export function readManifest(directory: string): Manifest {
  requireWhole(directory);
  const path = join(directory, manifestName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    throw new InputError(
      isMissing
        ? `there is no output of a finished job in ${directory}: it has no ${manifestName}`
        : `cannot read ${path}: ${message}`,
      { cause: error },
    );
  }
  const found = parse(text);
  if (found === undefined) throw new InputError(`${path} is damaged, or of another version of mapreduce-ts`);
  return found;
}

/**
 * Throws an InputError when the output of a directory no longer belongs to this manifest: the files read since may come
 * from two jobs.
 */
export function requireStillThere(directory: string, { job, ended }: Manifest): void {
  const now = findManifest(directory);
  if (now !== undefined && now.job === job && now.ended === ended) return;
  throw new InputError(`the output in ${directory} was replaced while it was read; run the same command again`);
}

/** The manifest of a directory; undefined when it is missing or unreadable. */
export function findManifest(directory: string): Manifest | undefined {
  try {
    return readManifest(directory);
  } catch {
    return undefined;
  }
}

function manifestOf(jobId: string, job: JobFacts, endedMs: number): Manifest {
  const { app, elapsedMs } = job;
  const output = outputOf(job.output, app.layout);
  const { columns, values } = app.extension === undefined ? output : {};
  const isPlain =
    columns === undefined && values === undefined && !job.outputs.some(({ name }) => isNamedOutputFile(name));
  return {
    manifest: isPlain ? 1 : 2,
    engine: { name: "mapreduce-ts", version: job.engineVersion },
    job: jobId,
    ...(job.keptIntermediate === true ? { keptIntermediate: true } : {}),
    app: { name: app.name, hash: app.hash, input: inputText(app) },
    args: { ...job.args },
    ...(Object.keys(job.args).length === 0 ? {} : { argsRead: [...job.argsRead] }),
    inputs: job.inputs.map((file) => ({ ...fileOf(file), ...inputOf(file) })),
    ...(job.files.length === 0 ? {} : { files: job.files.map(fileOf) }),
    options: {
      reducers: job.reducers,
      ...(job.partitioner === "range" ? { partitioner: job.partitioner } : {}),
      ...(job.samplePercent === undefined ? {} : { samplePercent: job.samplePercent }),
      outputFormat: app.extension === undefined ? (output.format ?? "text") : "app",
      ...(columns === undefined ? {} : { columns: [...columns] }),
      ...(values === undefined ? {} : { values }),
      compress: output.compress ?? "none",
      ...(job.splitBytes === undefined ? {} : { splitBytes: job.splitBytes }),
      skipBadRecords: job.badRecordsMax,
    },
    tasks: { map: job.mapTasks, reduce: job.reducers },
    outputs: job.outputs.map(({ name, records, bytes, checksum, textKeyEnd: keyEnd }) => {
      return { name, records, bytes, crc32: crc32Text(checksum), ...(keyEnd === undefined ? {} : { keyEnd }) };
    }),
    badRecords: job.badRecords,
    map: measuresOf(job.map),
    reduce: measuresOf(job.reduce),
    started: new Date(endedMs - elapsedMs).toISOString(),
    ended: new Date(endedMs).toISOString(),
    elapsedMs: Math.round(elapsedMs),
    ...(job.earlierSteps.length === 0
      ? {}
      : { earlierSteps: job.earlierSteps.map((step) => v.parse(finishedJob, step)) }),
  };
}

/** A checksum in the format of the manifest. */
export function crc32Text(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}

function fileOf({ name, path, sizeBytes, modifiedMs }: SharedFile): v.InferOutput<typeof file> {
  const date = new Date(modifiedMs);
  const modified = Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  return { name, path, bytes: sizeBytes, ...(v.is(time, modified) ? { modified } : {}) };
}

function measuresOf(totals: Measures): Manifest["map"] {
  return { ...totals, counters: Object.fromEntries(totals.counters) };
}

function parse(text: string): Manifest | undefined {
  try {
    const parsed = v.safeParse(manifest, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
