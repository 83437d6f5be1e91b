import type { JobView } from "../../model/job-view.js";
import { byId, html, setText } from "./dom.js";
import { bytesText, countText, durationText, plural, shortCountText } from "./format.js";
import { ratesOf } from "./rates.js";

const phaseNames: Readonly<Record<JobView["phase"], string>> = {
  waiting: "waiting for a worker",
  map: "mapping",
  reduce: "reducing",
  done: "done",
  failed: "failed",
  stopped: "stopped",
};

/** The head of the page: the job, its progress, its figures, and why it failed. */
export function showOverview(view: JobView): void {
  const name = view.app ?? "MapReduce job";
  setText(byId("app"), name);
  const phase = byId("phase");
  setText(phase, phaseNames[view.phase]);
  phase.className = `badge ${view.phase}`;
  const args = view.args.map(([arg, value]) => `--arg ${arg}=${value}`).join(" ");
  const began = new Date(view.startedAtEpochMs);
  const about = [
    `${hasEnded(view) ? "took" : "running for"} ${durationText(view.elapsedMs)}`,
    `began ${began.toLocaleString()}`,
    view.directory,
    ...(args === "" ? [] : [args]),
  ];
  setText(byId("about"), about.join(" · "));
  const share = shareOf(view);
  document.title = `${hasEnded(view) ? phaseNames[view.phase] : percent(share)} · ${name}`;
  showFailure(view);
  byId("map-progress").replaceChildren(...progress("map", view, mapText(view)));
  byId("map-progress").classList.add("map");
  byId("reduce-progress").replaceChildren(...progress("reduce", view, reduceText(view)));
  byId("reduce-progress").classList.add("reduce");
  byId("reduce-progress").hidden = isMapOnly(view);
  byId("figures").replaceChildren(...figures(view).map((figure) => figureOf(...figure)));
}

/** Whether nothing will change again. */
export function hasEnded({ phase }: JobView): boolean {
  return phase === "done" || phase === "failed" || phase === "stopped";
}

/** Whether the maps write the output. */
function isMapOnly({ maps, reduces }: JobView): boolean {
  return maps.total > 0 && reduces.total === 0;
}

function showFailure({ failure }: JobView): void {
  byId("failure").hidden = failure === undefined;
  setText(byId("failure-message"), failure?.message ?? "");
  setText(byId("failure-stack"), failure?.stack ?? "");
  byId("failure-details").replaceChildren(...(failure?.details ?? []).map((detail) => html("li", {}, detail)));
}

function shareOf({ maps, reduces }: JobView): number {
  const total = maps.total + reduces.total;
  return total === 0 ? 0 : (maps.completed + reduces.completed) / total;
}

/** 100% only when everything is done. */
function percent(share: number): string {
  return `${Math.floor(share * 100)}%`;
}

function progress(name: "map" | "reduce", view: JobView, text: string): Node[] {
  const { total, completed, ...open } = name === "map" ? view.maps : view.reduces;
  // Tasks that ran at the end were not finished.
  const inProgress = hasEnded(view) ? 0 : open.inProgress;
  const idle = total - completed - inProgress;
  const share = total === 0 ? 0 : completed / total;
  const bar = (className: string, n: number) => {
    const part = html("i", { class: className });
    part.style.width = `${total === 0 ? 0 : (n / total) * 100}%`;
    return part;
  };
  const track = html(
    "div",
    { class: "track", role: "progressbar", "aria-label": `${name} tasks`, "aria-valuemin": 0, "aria-valuemax": total },
    bar("completed", completed),
    bar("running", inProgress),
  );
  track.setAttribute("aria-valuenow", String(completed));
  const counts = `${countText(completed)} of ${plural(total, "task")} done`;
  const others = [
    ...(inProgress === 0 ? [] : [`${countText(inProgress)} running`]),
    ...(idle === 0 ? [] : [`${countText(idle)} ${hasEnded(view) ? "not done" : "to do"}`]),
  ];
  return [
    html(
      "div",
      { class: "top" },
      html("h2", {}, name === "map" ? "Map" : "Reduce"),
      html("span", { class: "share" }, percent(share)),
    ),
    track,
    html("p", {}, [counts, ...others].join(" · ")),
    html("p", {}, text),
  ];
}

function mapText({ map, samples }: JobView): string {
  if (samples.completed < samples.total) {
    return `first ${plural(samples.total, "sample")} of the keys: ${countText(samples.completed)} taken`;
  }
  return `${shortCountText(map.recordsIn)} records in, ${shortCountText(map.recordsOut)} pairs out`;
}

function reduceText({ reduce }: JobView): string {
  return `${shortCountText(reduce.recordsIn)} values in, ${shortCountText(reduce.recordsOut)} lines out`;
}

type Figure = readonly [name: string, value: string, more: string];

function figures(view: JobView): Figure[] {
  const { map, reduce, backups, workers } = view;
  const output = isMapOnly(view) ? map : reduce;
  const lost = view.ended.filter(({ outcome }) => outcome !== "committed" && outcome !== "cancelled");
  const crashes = lost.reduce((sum, { outcome, count }) => (outcome === "crash" ? sum + count : sum), 0);
  const failures = lost.reduce((sum, { count }) => sum + count, 0);
  const silent = workers.list.filter(({ isSilent }) => isSilent).length;
  const all = workers.list.length + workers.omitted;
  const saved = backups.savedMs > 0 ? `, saved ${durationText(backups.savedMs)}` : "";
  return [
    ["Input read", bytesText(map.bytesIn), plural(map.recordsIn, "record")],
    hasEnded(view) ? average(view) : current(view),
    ["Output", bytesText(output.bytesOut), plural(output.recordsOut, "line")],
    ["Workers", countText(all), workersText(view, silent)],
    [
      "Attempts lost",
      countText(failures),
      failures === 0
        ? "none failed"
        : `${plural(failures - crashes, "error")}, ${countText(crashes)} ${crashes === 1 ? "crash" : "crashes"}`,
    ],
    [
      "Backup attempts",
      countText(backups.begun),
      backups.begun === 0 ? "none needed" : `${countText(backups.won)} won${saved}`,
    ],
  ];
}

function workersText(view: JobView, silent: number): string {
  if (silent > 0) return `${countText(silent)} silent`;
  const { samples, maps, reduces } = view;
  const running = samples.inProgress + maps.inProgress + reduces.inProgress;
  return hasEnded(view) ? "at the end" : `${plural(running, "task")} running`;
}

function current(view: JobView): Figure {
  const latest = ratesOf(view.throughput, view.elapsedMs).slice(-3);
  const mean = (value: (rate: (typeof latest)[number]) => number) => {
    return latest.reduce((sum, rate) => sum + value(rate), 0) / Math.max(1, latest.length);
  };
  const isMap = view.phase === "map";
  const bytes = mean((rate) => (isMap ? rate.mapBytes : rate.reduceBytes));
  const records = mean((rate) => (isMap ? rate.mapRecords : rate.reduceRecords));
  return ["Throughput", `${bytesText(bytes)}/s`, `${shortCountText(records)} ${isMap ? "records" : "values"}/s`];
}

function average({ map, elapsedMs }: JobView): Figure {
  const seconds = Math.max(0.001, elapsedMs / 1000);
  return [
    "Throughput",
    `${bytesText(map.bytesIn / seconds)}/s`,
    `${shortCountText(map.recordsIn / seconds)} records/s overall`,
  ];
}

function figureOf(...[name, value, more]: Figure): HTMLElement {
  return html("div", {}, html("dt", {}, name), html("dd", {}, value), html("dd", { class: "more" }, more));
}
