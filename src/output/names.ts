/**
 * The names of every file that a job writes. Nothing outside `output/` and `shuffle/` knows their shape.
 *
 * `mr-X-Y` holds what map task X made for reduce task Y; a later attempt adds its number (`mr-X-Y.2`), so that no reader
 * can mix the files of two attempts. `mr-out-Y` is the output of reduce task Y, or of map task Y when nothing is reduced; its
 * extension tells its format. `mr-side-map-X-NAME` is a file that an app has made in map task X beside its pairs; there are
 * such of reduce tasks, too. `mr-bad-records.jsonl` has the records that the job has left out, `mr-manifest.json` says what
 * the job was, once it is done. `mr report` makes a page, `mr-report.html`, of `mr-report.json`, or of `mr-failed-report.json`
 * when a later job has failed. `mr-cpu-map-X-N.cpuprofile` is where attempt N of map task X has spent its time.
 *
 * Hidden names, which neither `mr-*` nor `*` matches: `.mr-tmp-…` is a file that is being written, `.mr-new-<job>-mr-out-Y` one
 * that is finished and not published yet, `.mr-old-<job>-mr-out-Y` one that is being replaced; see `publication.ts`.
 */

/** Name of the file of the records that a job has left out. */
export const badRecordsName = "mr-bad-records.jsonl";

/** Name of the finished file that attempt `attempt` of map task `map` made for reduce task `partition`. */
export function intermediateName(map: number, partition: number, attempt: number): string {
  return attempt === 1 ? `mr-${map}-${partition}` : `mr-${map}-${partition}.${attempt}`;
}

/** Name of the file that says what the job was that is done. */
export const manifestName = "mr-manifest.json";

/** Name of the finished output of task `task`; `suffix` is what its format adds. */
export function outputName(task: number, suffix = ""): string {
  return `mr-out-${task}${suffix}`;
}

/** Whether what reads the output of a job as `mr-out-*` would take a file of this name for a part of it. */
export function looksLikeOutput(name: string): boolean {
  return name.startsWith("mr-out-");
}

/** The names that an app may give to its side files: they become part of those below. */
export const sideNamePattern = /^(?=.{1,100}$)[\w-]+(\.[\w-]+)*$/;

/** Name of the finished file that a task has made beside its output, under a name of the app's own. */
export function sideFileName(kind: "sample" | "map" | "reduce", task: number, name: string): string {
  return `mr-side-${kind}-${task}-${name}`;
}

/** What the name of every unfinished file of one attempt begins with. `jobId` keeps two jobs apart. */
export function temporaryPrefix(
  jobId: string,
  kind: "sample" | "map" | "reduce",
  task: number,
  attempt: number,
): string {
  return `.mr-tmp-${jobId}-${kind}-${task}-${attempt}-`;
}

/** What the id of a job looks like. */
export const jobIdPattern = /^[A-Za-z0-9]+$/;

/** What the hidden name of every finished file of a job begins with. */
export function stagedPrefix(jobId: string): string {
  return `.mr-new-${jobId}-`;
}

/** Name of a finished file of a job until the job is done, and this is its name. */
export function stagedName(jobId: string, name: string): string {
  return stagedPrefix(jobId) + name;
}

/** Of the name of a staged file of any job, the name that it is to have; undefined when it is no such name. */
export function publicNameOf(staged: string): string | undefined {
  return /^[.]mr-new-[A-Za-z0-9]+-(.+)$/.exec(staged)?.[1];
}

/** Name of a file of an earlier job while those of this job take the place of its files. */
export function replacedName(jobId: string, name: string): string {
  return `.mr-old-${jobId}-${name}`;
}

/** Name of the note of a publication: see `publication.ts`. */
export const publicationName = ".mr-publish";

/** Name of that note while it is written. */
export function temporaryPublicationName(jobId: string): string {
  return `.mr-tmp-${jobId}-publish`;
}

/** Name of the manifest while it is written. */
export function temporaryManifestName(jobId: string): string {
  return `.mr-tmp-${jobId}-manifest`;
}

/** Name of the file of bad records while it is written. */
export function temporaryBadRecordsName(jobId: string): string {
  return `.mr-tmp-${jobId}-bad-records`;
}

/** Name of the file of what is to be seen of a job, and of the page that is made of it. */
export const reportName = "mr-report.json";
/** Name of that of a job that has failed where the output of an earlier job stands. */
export const failedReportName = "mr-failed-report.json";
export const reportPageName = "mr-report.html";

/** Name of the report, or of its page, while it is written. */
export function temporaryReportName(jobId: string): string {
  return `.mr-tmp-${jobId}-report`;
}

/** Name of the directory in the output directory in which a step of a pipeline runs that others follow; from 1. */
export function stepDirectoryName(number: number): string {
  return `mr-step-${number}`;
}

/** The number of the step whose directory has this name; undefined when it is none. */
export function stepNumberOf(name: string): number | undefined {
  const digits = /^mr-step-([1-9]\d{0,8})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Name of the CPU profile of one attempt. Debuggers know the extension. */
export function profileName(kind: "sample" | "map" | "reduce", task: number, attempt: number): string {
  return `mr-cpu-${kind}-${task}-${attempt}.cpuprofile`;
}

/** The coordinator's journal: what a job that was interrupted needs in order to go on. */
export const journalName = ".mr-journal";

/**
 * The names of the files of each kind, as extended regular expressions that JavaScript and `grep -E` take alike. Those of
 * outputs in an app's own format are not among them: somebody may have made `mr-out-0.sorted` out of one.
 */
const namePatterns = {
  intermediate: "mr-[0-9]+-[0-9]+([.][0-9]+)?",
  output: "mr-out-[0-9]+([.](tsv|jsonl|csv))?([.]gz)?",
  side: "mr-side-(map|reduce)-[0-9]+-[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*",
  "bad-records": literally(badRecordsName),
  manifest: literally(manifestName),
  report: [reportName, failedReportName, reportPageName].map(literally).join("|"),
  profile: "mr-cpu-(sample|map|reduce)-[0-9]+-[0-9]+[.]cpuprofile",
  temporary: "[.]mr-tmp-[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*",
  journal: literally(journalName),
  staged: "[.]mr-new-[A-Za-z0-9]+-[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*",
  replaced: "[.]mr-old-[A-Za-z0-9]+-[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*",
  publication: literally(publicationName),
};

export type JobFileKind = keyof typeof namePatterns;

export const jobFileKinds = Object.keys(namePatterns) as readonly JobFileKind[];

/** A whole name of a job's file, of any kind, for `grep -E`. */
export const jobFilePattern = `^(${Object.values(namePatterns).join("|")})$`;

const kindsByName = Object.entries(namePatterns).map(([kind, pattern]) => {
  return { kind: kind as JobFileKind, pattern: new RegExp(`^(?:${pattern})$`) };
});

/** Which kind of job file has this name; undefined for a name that no job writes. `suffix` is that of an app's own format. */
export function jobFileKind(name: string, suffix = ""): JobFileKind | undefined {
  if (suffix !== "" && /^mr-out-\d+$/.test(name.slice(0, -suffix.length)) && name.endsWith(suffix)) return "output";
  return kindsByName.find(({ pattern }) => pattern.test(name))?.kind;
}

function literally(name: string): string {
  return name.replaceAll(".", "[.]");
}
