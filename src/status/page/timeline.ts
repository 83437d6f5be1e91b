import type { JobView } from "../../model/job-view.js";
import { Chart } from "./chart.js";
import { html, svg } from "./dom.js";
import { bytesText, countText, durationText, plural } from "./format.js";
import { lanesOf, type Bar, type BarStyle, type Lane } from "./lanes.js";
import { timeTicks, timeTickText } from "./scale.js";

const lanesMax = 300;
const laneHeight = 22;
const barHeight = 16;
const axisHeight = 22;

const styleNames: readonly (readonly [BarStyle, string])[] = [
  ["sample", "sample"],
  ["map", "map"],
  ["combine", "combine"],
  ["reduce", "reduce"],
  ["backup", "backup"],
  ["failed", "failed"],
  ["cancelled", "cancelled"],
];

/** The Gantt chart: which worker ran what and when, and how it ended. */
export class TimelineChart {
  readonly #chart: Chart;
  readonly #legend: HTMLElement;
  #lanes: readonly Lane[] = [];
  #elapsedMs = 0;

  constructor(container: HTMLElement, legend: HTMLElement, titleId: string) {
    this.#legend = legend;
    this.#chart = new Chart(container, titleId, (width) => this.#draw(width));
  }

  show(view: JobView): void {
    const lanes = lanesOf(view);
    this.#lanes = lanes.slice(0, lanesMax);
    this.#elapsedMs = view.elapsedMs;
    const bars = this.#lanes.flatMap((lane) => lane.bars);
    const omitted = [
      ...(view.timeline.omitted === 0 ? [] : [`${plural(view.timeline.omitted, "earlier attempt")} not shown`]),
      ...(lanes.length <= lanesMax ? [] : [`${plural(lanes.length - lanesMax, "more worker")} not shown`]),
    ];
    const standing = [
      bars.length === 0 ? "No attempt has begun yet" : "Point at a bar, or use the arrow keys, to see what it is",
      ...omitted,
    ];
    this.#chart.show(
      bars.map((bar) => ({ key: keyOf(bar), text: describe(bar) })),
      `${standing.join("; ")}.`,
    );
    this.#legend.replaceChildren(
      ...styleNames.flatMap(([style, name]) => {
        const count = bars.reduce((sum, bar) => (bar.style === style ? sum + bar.count : sum), 0);
        // Few jobs have any.
        if ((style === "sample" || style === "combine") && count === 0) return [];
        const sample = svg("svg", { viewBox: "0 0 18 12", "aria-hidden": "true" }, ...box(style, 0.5, 0.5, 17, 11));
        return [html("li", {}, sample, `${name} ${countText(count)}`)];
      }),
    );
  }

  #draw(width: number): Node[] {
    const longest = this.#lanes.reduce((most, { worker }) => Math.max(most, worker.length), 2);
    const left = Math.min(120, 14 + 7 * longest);
    const height = Math.max(1, this.#lanes.length) * laneHeight;
    const scale = (width - left - 8) / Math.max(1, this.#elapsedMs);
    const x = (ms: number) => left + ms * scale;
    const times = timeTicks(this.#elapsedMs, (width - left) / 110);
    const axis = svg("svg", { class: "chart", width, height: axisHeight, "aria-hidden": "true" });
    for (const ms of times) {
      const anchor = x(ms) > width - 30 ? "end" : ms === 0 ? "start" : "middle";
      axis.append(svg("text", { x: x(ms), y: 14, "text-anchor": anchor }, timeTickText(ms)));
    }
    const plot = svg("svg", { width, height, "aria-hidden": "true" });
    for (const [row, { worker }] of this.#lanes.entries()) {
      const y = row * laneHeight;
      plot.append(
        svg("text", { x: 0, y: y + 15 }, worker),
        svg("rect", {
          class: "lane",
          x: left,
          y: y + 3,
          width: Math.max(0, width - left - 8),
          height: barHeight,
          rx: 3,
        }),
      );
    }
    for (const ms of times) plot.append(svg("line", { class: "grid", x1: x(ms), x2: x(ms), y1: 0, y2: height }));
    for (const [row, { bars }] of this.#lanes.entries()) {
      for (const bar of bars) {
        // Even a short bar must be visible, and a failure must stand out.
        const least = bar.style === "failed" ? 4 : 2;
        const span = Math.max(least, (bar.endMs - bar.startMs) * scale - 0.75);
        const running = bar.outcome === "running" ? " fill-running" : "";
        const from = Math.min(x(bar.startMs), width - 8 - span);
        plot.append(...box(bar.style, from, row * laneHeight + 3, span, barHeight, running, keyOf(bar)));
      }
    }
    return [axis, html("div", { class: "scroll" }, plot)];
  }
}

/** A bar in its colour, overlaid with its pattern. */
function box(
  style: BarStyle,
  x: number,
  y: number,
  width: number,
  height: number,
  classes = "",
  key?: string,
): SVGElement[] {
  const place = { x, y, width, height, rx: Math.min(3, width / 2) };
  const picked = key === undefined ? {} : { "data-key": key };
  const boxes = [svg("rect", { ...place, class: `fill-${style}${classes}`, ...picked })];
  const pattern = style === "backup" ? "stripes" : style === "failed" ? "crosses" : undefined;
  if (pattern !== undefined) {
    boxes.push(svg("rect", { ...place, fill: `url(#${pattern})`, "pointer-events": "none" }));
  }
  return boxes;
}

function keyOf({ kind, task, attempt }: Bar): string {
  return `${kind} ${task} ${attempt}`;
}

function describe(bar: Bar): string {
  const { kind, task, attempt, worker, count, outcome, isBackup, startMs, endMs, records, bytes } = bar;
  const which =
    count === 1
      ? `${kind} task ${task}, ${isBackup ? "backup, " : ""}attempt ${attempt} on ${worker}`
      : `${countText(count)} ${kind} attempts in a row on ${worker}, from task ${task} on`;
  const what = outcome === "committed" ? "" : `: ${outcome}`;
  const took = `${durationText(endMs - startMs)}, from ${durationText(startMs)}`;
  const read = `${plural(records, kind === "map" ? "record" : "value")}, ${bytesText(bytes)} read`;
  return `${which}${what} · ${took} · ${read}`;
}
