import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { compareLines, expectedLines, isBad, recordsOf } from "./oracle.js";
import type { Place } from "./place.js";
import type { JobPlan } from "./workload.js";

/** How long the processes of a job may outlive it. */
const leaveTimeoutMs = 20_000;
const pollIntervalMs = 20;
const manifestName = "mr-manifest.json";
const reportName = "mr-report.json";
const badRecordsName = "mr-bad-records.jsonl";
/** How many missing or extra lines are shown. */
const shownMax = 3;

/** Problems with the outputs of a successful job; empty when all is well. */
export function faultsOfOutputs(plan: JobPlan, place: Place): string[] {
  const names = place.outputNames();
  const wanted = Array.from({ length: plan.reducers }, (_, partition) => `mr-out-${partition}`);
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length > 0) return [`there is no ${missing.join(", ")}`];
  const partitions = wanted.map((name) => linesOf(readFileSync(join(place.outputDirectory, name), "utf8")));
  const unordered = wanted.filter((_, partition) => !isOrdered(plan, partitions[partition] ?? []));
  return [
    ...wrongManifest(place, wanted),
    ...unordered.map((name) => `${name} is not in order`),
    ...differences(partitions.flat(), expectedLines(plan.app, plan.inputs, plan.args)),
    ...wrongBadRecords(plan, place),
    ...leftOver(
      names.filter(
        (name) =>
          ![...wanted, manifestName].includes(name) &&
          basename(name) !== reportName &&
          !(plan.app === "bad-records" && name === badRecordsName),
      ),
    ),
  ];
}

/** The manifest must agree with the visible properties of each output. */
function wrongManifest(place: Place, wanted: readonly string[]): string[] {
  const path = join(place.outputDirectory, manifestName);
  if (!existsSync(path)) return [`there is no ${manifestName}`];
  const { outputs } = JSON.parse(readFileSync(path, "utf8")) as { outputs: Record<string, unknown>[] };
  const seen = wanted.map((name) => {
    const content = readFileSync(join(place.outputDirectory, name));
    return { name, bytes: content.length, crc32: crc32(content).toString(16).padStart(8, "0") };
  });
  const said = outputs.map(({ name, bytes, crc32 }) => ({ name, bytes, crc32 }));
  return JSON.stringify(said) === JSON.stringify(seen) ? [] : [`${manifestName} does not say what the outputs are`];
}

/** The files that a failed job may leave behind besides its report, and the results of finished steps. */
export function remainsOfFailure(place: Place): string[] {
  const names = place.outputNames();
  const done = names.filter((name) => basename(name) === manifestName).map(dirname);
  const isKept = (name: string) =>
    basename(name) === reportName ||
    (/\/mr-(out-\d+\.jsonl|manifest\.json)$/.test(name) && done.includes(dirname(name)));
  return leftOver(names.filter((name) => !isKept(name)));
}

/** Waits until all processes of the job have gone, and then returns what is left of the job. */
export async function remains(place: Place): Promise<string[]> {
  const endMs = performance.now() + leaveTimeoutMs;
  while (place.processes().length > 0 && performance.now() < endMs) await sleep(pollIntervalMs);
  const processes = place.processes().map(({ pid, command }) => `process ${pid} is left: ${command}`);
  return [...processes, ...leftOver(place.litter())];
}

/** Lines of the log that indicate a bug, whatever else happened. */
export function internalErrors(place: Place): string[] {
  const lines = readFileSync(place.logPath, "utf8").split("\n");
  return lines
    .filter((line) => /internal error|invariant|UnhandledPromise|Unhandled 'error'/i.test(line))
    .slice(0, shownMax);
}

function isOrdered({ app }: JobPlan, lines: readonly string[]): boolean {
  return lines.every((line, at) => at === 0 || compareLines(app, lines[at - 1] ?? "", line) <= 0);
}

function differences(lines: readonly string[], expected: readonly string[]): string[] {
  const surplus = without(lines, expected);
  const missing = without(expected, lines);
  return [...described(surplus, "too many"), ...described(missing, "missing")];
}

/** Removes each expected line once: lines that occur too often remain. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}

function described(lines: readonly string[], what: string): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, shownMax).map((line) => JSON.stringify(line.slice(0, 80)));
  return [`${lines.length} lines are ${what}: ${shown.join(", ")}${lines.length > shownMax ? ", …" : ""}`];
}

/** Every bad record must have been skipped exactly once, and no other record. */
function wrongBadRecords({ app, inputs }: JobPlan, place: Place): string[] {
  if (app !== "bad-records") return [];
  const text = readIfThere(join(place.outputDirectory, badRecordsName));
  const kept = linesOf(text).map((line) => (JSON.parse(line) as { readonly text: string }).text.trimEnd());
  const bad = inputs.flatMap(recordsOf).filter(isBad);
  return [
    ...described(without(kept, bad), "in the file of bad records, and not bad"),
    ...described(without(bad, kept), "bad, and not in the file of bad records"),
  ];
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function leftOver(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`left behind: ${names.slice(0, 10).join(", ")}${names.length > 10 ? `, … (${names.length})` : ""}`];
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
