/**
 * The names of every file that a job writes. Nothing outside `output/` and `shuffle/` knows their shape.
 *
 * `mr-X-Y` holds what map task X made for reduce task Y; a later attempt adds its number (`mr-X-Y.2`), so that no reader
 * can mix the files of two attempts. `mr-out-Y` is the output of reduce task Y. `mr-bad-records.jsonl` has the records that
 * the job has left out, `mr-report.json` what `mr report` makes a page of, `mr-report.html`. Unfinished files begin with a dot, so that neither `mr-*` nor `*` matches them.
 */

/** Name of the file of the records that a job has left out. */
export const badRecordsName = "mr-bad-records.jsonl";

/** Name of the finished file that attempt `attempt` of map task `map` made for reduce task `partition`. */
export function intermediateName(map: number, partition: number, attempt: number): string {
  return attempt === 1 ? `mr-${map}-${partition}` : `mr-${map}-${partition}.${attempt}`;
}

/** Name of the finished output of reduce task `partition`. */
export function outputName(partition: number): string {
  return `mr-out-${partition}`;
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

/** Name of the file of bad records while it is written. */
export function temporaryBadRecordsName(jobId: string): string {
  return `.mr-tmp-${jobId}-bad-records`;
}

/** Name of the file of what is to be seen of a job, and of the page that is made of it. */
export const reportName = "mr-report.json";
export const reportPageName = "mr-report.html";

/** Name of the report, or of its page, while it is written. */
export function temporaryReportName(jobId: string): string {
  return `.mr-tmp-${jobId}-report`;
}

/** The coordinator's journal: what a job that was interrupted needs in order to go on. */
export const journalName = ".mr-journal";

export type JobFileKind = "intermediate" | "output" | "bad-records" | "report" | "temporary" | "journal";

/** Which kind of job file has this name; undefined for a name that no job writes. */
export function jobFileKind(name: string): JobFileKind | undefined {
  if (/^mr-\d+-\d+(\.\d+)?$/.test(name)) return "intermediate";
  if (/^mr-out-\d+$/.test(name)) return "output";
  if (name === badRecordsName) return "bad-records";
  if (name === reportName || name === reportPageName) return "report";
  if (/^\.mr-tmp-[\w-]+(\.[\w-]+)*$/.test(name)) return "temporary";
  if (name === journalName) return "journal";
  return undefined;
}
