/**
 * The names of all files that a job writes. Only `output/` and `shuffle/` know their structure.
 *
 * `mr-X-Y` is the output of map task X for reduce task Y, or, if X is not less than the number of map tasks, of a
 * combine task. A later attempt adds its number (`mr-X-Y.2`), so that no reader can mix the files of two attempts.
 * `mr-out-Y` is the output of reduce task Y, or of map task Y in a job without reduce tasks; its extension shows its
 * format. `mr-side-map-X-NAME` is a file that an app wrote in map task X beside its pairs; reduce tasks have such
 * files, too. `mr-bad-records.jsonl` contains the skipped records, and `mr-manifest.json` describes the finished job.
 * `mr report` makes a page, `mr-report.html`, from `mr-report.json`, or from `mr-failed-report.json` when a later job
 * has failed. `mr-cpu-map-X-N.cpuprofile` is the CPU profile of attempt N of map task X.
 *
 * `NAME/part-Y` is what reduce task Y wrote to an output that the app named; see `model/output-names.ts`.
 *
 * Hidden names, which neither `mr-*` nor `*` matches: `.mr-tmp-…` is being written, `.mr-new-<job>-mr-out-Y` is
 * finished but not yet published, and `.mr-old-<job>-mr-out-Y` is being replaced; see `publication.ts`.
 */
import { createHash } from "node:crypto";
import { directoryIn } from "../model/output-names.js";

type TaskKind = "sample" | "map" | "combine" | "reduce";

/** Name of the file with the skipped records. */
export const badRecordsName = "mr-bad-records.jsonl";

/**
 * Name of the finished file that attempt `attempt` wrote for reduce task `partition`. `file` is the number of the map task;
 * the files of combine tasks have the numbers after those of all map tasks.
 */
export function intermediateName(file: number, partition: number, attempt: number): string {
  return attempt === 1 ? `mr-${file}-${partition}` : `mr-${file}-${partition}.${attempt}`;
}

/** Name of the file that describes a finished job. */
export const manifestName = "mr-manifest.json";

/** Name of the finished output of task `task`; `suffix` comes from its format. */
export function outputName(task: number, suffix = ""): string {
  return `mr-out-${task}${suffix}`;
}

/** Whether anything that reads a job's output as `mr-out-*` would take this file for part of that output. */
export function looksLikeOutput(name: string): boolean {
  return name.startsWith("mr-out-");
}

/** Name of the finished side file that an app gave this name. */
export function sideFileName(kind: TaskKind, task: number, name: string): string {
  return `mr-side-${kind}-${task}-${name}`;
}

/** The name prefix of every unfinished file of one attempt. `jobId` keeps two jobs apart. */
export function temporaryPrefix(jobId: string, kind: TaskKind, task: number, attempt: number): string {
  return `.mr-tmp-${jobId}-${kind}-${task}-${attempt}-`;
}

/** The pattern of a job id. */
export const jobIdPattern = /^[A-Za-z0-9]+$/;

/** The hidden name prefix of every finished file of a job. */
export function stagedPrefix(jobId: string): string {
  return `.mr-new-${jobId}-`;
}

/** Name of a job's finished file until the job is done; then it becomes `name`. */
export function stagedName(jobId: string, name: string): string {
  return stagedPrefix(jobId) + withoutDirectory(name);
}

/** The final name of a staged file of any job; undefined when `staged` is no such name. */
export function publicNameOf(staged: string): string | undefined {
  return /^[.]mr-new-[A-Za-z0-9]+-(.+)$/.exec(staged)?.[1];
}

/** Name of an earlier job's file while this job's files replace it. */
export function replacedName(jobId: string, name: string): string {
  return `.mr-old-${jobId}-${withoutDirectory(name)}`;
}

/** Name of the note of a publication: see `publication.ts`. */
export const publicationName = ".mr-publish";

/** Name of that note while it is being written. */
export function temporaryPublicationName(jobId: string): string {
  return `.mr-tmp-${jobId}-publish`;
}

/** Name of the manifest while it is being written. */
export function temporaryManifestName(jobId: string): string {
  return `.mr-tmp-${jobId}-manifest`;
}

/** Name of the file of bad records while it is being written. */
export function temporaryBadRecordsName(jobId: string): string {
  return `.mr-tmp-${jobId}-bad-records`;
}

/** Name of the file with a job's view, from which `mr report` makes a page. */
export const reportName = "mr-report.json";
/** Name of that file for a failed job, when the directory has an earlier job's output. */
export const failedReportName = "mr-failed-report.json";
export const reportPageName = "mr-report.html";

/** Name of the report, or of its page, while it is being written. */
export function temporaryReportName(jobId: string): string {
  return `.mr-tmp-${jobId}-report`;
}

/** Name of the subdirectory of the output directory in which a pipeline step other than the last runs; from 1. */
export function stepDirectoryName(number: number): string {
  return `mr-step-${number}`;
}

/** The number of the step whose directory has this name; undefined for other names. */
export function stepNumberOf(name: string): number | undefined {
  const digits = /^mr-step-([1-9]\d{0,8})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Name of the CPU profile of one attempt. Debuggers know the extension. */
export function profileName(kind: TaskKind, task: number, attempt: number): string {
  return `mr-cpu-${kind}-${task}-${attempt}.cpuprofile`;
}

/** The coordinator's journal, from which an interrupted job is resumed. */
export const journalName = ".mr-journal";

/**
 * The name patterns of each kind of file, as extended regular expressions that mean the same to JavaScript and `grep
 * -E`. They exclude outputs in an app's own format: a user may have made `mr-out-0.sorted` from one.
 */
const namePatterns = {
  intermediate: "mr-[0-9]+-[0-9]+([.][0-9]+)?",
  output: "mr-out-[0-9]+([.](tsv|jsonl|csv))?([.]gz)?",
  side: "mr-side-(map|reduce)-[0-9]+-[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*",
  "bad-records": literally(badRecordsName),
  manifest: literally(manifestName),
  report: [reportName, failedReportName, reportPageName].map(literally).join("|"),
  profile: "mr-cpu-(sample|map|combine|reduce)-[0-9]+-[0-9]+[.]cpuprofile",
  temporary: "[.]mr-tmp-[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*",
  journal: literally(journalName),
  staged: "[.]mr-new-[A-Za-z0-9]+-[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*",
  replaced: "[.]mr-old-[A-Za-z0-9]+-[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*",
  publication: literally(publicationName),
};

export type JobFileKind = keyof typeof namePatterns;

export const jobFileKinds = Object.keys(namePatterns) as readonly JobFileKind[];

/** Matches the whole name of a job's file, of any kind, with `grep -E`. */
export const jobFilePattern = `^(${Object.values(namePatterns).join("|")})$`;

const kindsByName = Object.entries(namePatterns).map(([kind, pattern]) => {
  return { kind: kind as JobFileKind, pattern: new RegExp(`^(?:${pattern})$`) };
});

/**
 * The kind of a job file with this name; undefined for a name that no job writes. `suffix` belongs to an app's own
 * format.
 */
export function jobFileKind(name: string, suffix = ""): JobFileKind | undefined {
  if (suffix !== "" && /^mr-out-\d+$/.test(name.slice(0, -suffix.length)) && name.endsWith(suffix)) return "output";
  return kindsByName.find(({ pattern }) => pattern.test(name))?.kind;
}

/**
 * The name of a file while it is hidden, without a directory: then all unpublished files of a job are in one directory,
 * under names that a shell script can list.
 */
export function withoutDirectory(name: string): string {
  return directoryIn(name) === undefined
    ? name
    : `named-${createHash("sha256").update(name).digest("hex").slice(0, 40)}`;
}

function literally(name: string): string {
  return name.replaceAll(".", "[.]");
}
