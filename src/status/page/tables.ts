import type { JobView, WorkerView } from "../../model/job-view.js";
import { html } from "./dom.js";
import { bytesText, countText, durationText, numberText, plural, ratioText } from "./format.js";

/** A heading, and whether the column contains numbers. */
type Column = readonly [heading: string, isNumber?: boolean];

/** How many tasks of each phase to list. */
const slowestMax = 5;

/** The slowest committed attempts. */
export function slowestTable({ slowest, durations }: JobView): Node[] {
  const ofPhase = (phase: "map" | "combine" | "reduce") =>
    slowest.filter(({ kind }) => kind === phase).slice(0, slowestMax);
  const shown = [...ofPhase("map"), ...ofPhase("combine"), ...ofPhase("reduce")];
  if (shown.length === 0) return [note("No task is done yet.")];
  const rows = shown.map(({ kind, task, worker, file, startMs, endMs }) => {
    const medianMs = durations[kind]?.medianMs ?? 0;
    const tookMs = endMs - startMs;
    const compared = medianMs < 1 ? "" : ratioText(tookMs, medianMs).replace(" ×", "");
    return [`${kind} ${task}${file === undefined ? "" : ` (${file})`}`, worker, durationText(tookMs), compared];
  });
  return [table([["Task"], ["Worker"], ["Took", true], ["× median", true]], rows)];
}

/** The app's counters, separately for maps and reduces, because both may use the same name. */
export function countersTable({ map, reduce }: JobView): Node[] {
  const rows = [
    ...map.counters.map(([name, n]) => [name, "map", numberText(n)]),
    ...reduce.counters.map(([name, n]) => [name, "reduce", numberText(n)]),
  ];
  if (rows.length === 0) return [note("The app has no counters: ctx.counter(name).add(n) creates one.")];
  return [table([["Counter"], ["In"], ["Count", true]], rows)];
}

export function workersTable({ workers: { list, omitted } }: JobView): Node[] {
  if (list.length === 0) return [note("No worker is connected.")];
  const rows = list.map((worker) => {
    const { id, host, pid, memoryBytes, committed, lost } = worker;
    const numbers = [bytesText(memoryBytes), countText(committed), countText(lost)];
    return [`${id}${worker.isSilent ? " (silent)" : ""}, pid ${pid} on ${host}`, runningText(worker), ...numbers];
  });
  const columns: Column[] = [["Worker"], ["Runs"], ["Memory", true], ["Done", true], ["Lost", true]];
  const more = omitted === 0 ? [] : [note(`${plural(omitted, "more worker")} not shown.`)];
  return [table(columns, rows), ...more];
}

function runningText({ running }: WorkerView): string {
  if (running === undefined) return "—";
  const { kind, task, attempt, isBackup, records, bytes } = running;
  const which = `${kind} ${task}${attempt === 1 ? "" : `, attempt ${attempt}`}${isBackup ? " (backup)" : ""}`;
  return `${which}: ${plural(records, kind === "map" ? "record" : "value")}, ${bytesText(bytes)}`;
}

function table(columns: readonly Column[], rows: readonly (readonly string[])[]): HTMLElement {
  const classOf = (index: number) => (columns[index]?.[1] === true ? "number" : "");
  const head = columns.map(([heading], index) => html("th", { scope: "col", class: classOf(index) }, heading));
  const body = rows.map((cells) => {
    return html("tr", {}, ...cells.map((cell, index) => html("td", { class: classOf(index) }, cell)));
  });
  return html(
    "div",
    { class: "table" },
    html("table", {}, html("thead", {}, html("tr", {}, ...head)), html("tbody", {}, ...body)),
  );
}

function note(text: string): HTMLElement {
  return html("p", { class: "note" }, text);
}
