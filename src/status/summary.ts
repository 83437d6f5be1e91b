import prettyBytes from "pretty-bytes";
import prettyMs from "pretty-ms";
import type { Snapshot } from "../model/snapshot.js";
import { visibleLine } from "../terminal/visible-text.js";

/** The part of a snapshot that the summary shows. */
type JobTotals = Pick<
  Snapshot,
  "map" | "reduce" | "attempts" | "mapsLost" | "recordsSkipped" | "warnings" | "elapsedMs"
> & {
  /** The percentage of the inputs that was mapped; undefined for all. */
  readonly samplePercent?: number | undefined;
  /** Lines about what slowed the job down. */
  readonly advice: readonly string[];
  readonly maps: Pick<Snapshot["maps"], "total">;
  readonly reduces: Pick<Snapshot["reduces"], "total">;
};

/** The places of the job's results, as shown to the user. */
export interface SummaryPlaces {
  readonly outputs: string;
  /** The file of skipped records. */
  readonly badRecords: string;
}

/** The summary of a finished job, in a few lines for the user. */
export function summary(job: JobTotals, places: SummaryPlaces): string {
  const { maps, reduces, map, reduce, attempts, elapsedMs } = job;
  const isMapOnly = reduces.total === 0;
  const output = isMapOnly ? map : reduce;
  const warnings = job.warnings.list.length + job.warnings.omitted;
  const retries = attempts.failed + attempts.crashed;
  const lines = [
    `done in ${prettyMs(elapsedMs)}: ${count(maps.total, "map task")}, ${count(reduces.total, "reduce task")}` +
      (retries === 0 ? "" : `, ${count(retries, "attempt")} tried again`) +
      (attempts.backup === 0 ? "" : `, ${backups(attempts)}`) +
      (job.mapsLost === 0 ? "" : `, ${count(job.mapsLost, "map task")} run again for damaged files`),
    `  in   ${count(map.recordsIn, "record")}, ${prettyBytes(map.bytesIn)}`,
    ...(isMapOnly
      ? []
      : [
          `       ${count(map.recordsOut, "pair")} from map to reduce, ${prettyBytes(map.bytesOut)}` +
            (reduce.keys === 0 ? "" : `, of ${count(reduce.keys, "key")}`),
        ]),
    ...(map.spills === 0
      ? []
      : [`       spilled ${count(map.spills, "run")}, ${prettyBytes(map.spilledBytes)}, for lack of --memory`]),
    `  out  ${count(output.recordsOut, "record")}, ${prettyBytes(output.bytesOut)}, to ${visibleLine(places.outputs)}`,
    ...(job.recordsSkipped === 0
      ? []
      : [`  left out ${count(job.recordsSkipped, "bad record")}: ${visibleLine(places.badRecords)}`]),
    ...(warnings === 0 ? [] : [`  ${count(warnings, "warning")}, told above`]),
    ...(job.samplePercent === undefined ? [] : [`  a sample: only ${job.samplePercent}% of the inputs was mapped`]),
    ...summed([...map.counters, ...reduce.counters]).map(([name, n]) => `  ${visibleLine(name)} = ${grouped(n)}`),
    ...job.advice.map((line) => `  ${visibleLine(line)}`),
  ];
  return lines.join("\n");
}

/** A counter used in both maps and reduces is added up. */
function summed(counters: readonly (readonly [name: string, n: number])[]): (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const [name, n] of counters) sums.set(name, (sums.get(name) ?? 0) + n);
  return [...sums];
}

function backups({ backup, backupWon, backupSavedMs }: Snapshot["attempts"]): string {
  const saved = backupSavedMs === 0 ? "" : ` and saved about ${prettyMs(backupSavedMs)}`;
  return `${count(backup, "backup attempt")}${backupWon === 0 ? "" : ` of which ${grouped(backupWon)} won${saved}`}`;
}

function count(n: number, what: string): string {
  return `${grouped(n)} ${what}${n === 1 ? "" : "s"}`;
}

/**
 * `1,234,567.891`. Not `toLocaleString`, whose first call loads language data, which would take 20 ms at the end of
 * each job.
 */
function grouped(n: number): string {
  const [whole = "", fraction] = String(Math.round(n * 1000) / 1000).split(".");
  const digits = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
  return fraction === undefined ? digits : `${digits}.${fraction}`;
}
