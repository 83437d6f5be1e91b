import type { JobView } from "../../model/job-view.js";
import { Chart } from "./chart.js";
import { html, svg } from "./dom.js";
import { bytesText, durationText, shortCountText } from "./format.js";
import { ratesOf, type Rate } from "./rates.js";
import { ticks, timeTicks, timeTickText } from "./scale.js";

const phases = ["map", "reduce"] as const;
type Phase = (typeof phases)[number];

/** One strip per phase, each with its own scale: a value is not a record. */
const stripHeight = 84;
const axisHeight = 22;
/** Room for the name of a strip. */
const top = 22;
/** Room for the numbers of the axis. */
const left = 68;
const right = 8;
const height = phases.length * stripHeight + axisHeight;

const units = {
  bytes: { name: "bytes/s", text: (n: number) => `${bytesText(n)}/s` },
  records: { name: "records/s", text: (n: number) => `${shortCountText(n)}/s` },
} as const;
type Unit = keyof typeof units;

/** How much maps and reduces read per second. */
export class ThroughputChart {
  readonly #chart: Chart;
  #unit: Unit = "bytes";
  #rates: readonly Rate[] = [];

  constructor(container: HTMLElement, choice: HTMLElement, titleId: string) {
    this.#chart = new Chart(container, titleId, (width) => this.#draw(width));
    for (const unit of ["bytes", "records"] as const) {
      const input = html("input", { type: "radio", name: "unit", value: unit });
      input.checked = unit === this.#unit;
      input.addEventListener("change", () => {
        this.#unit = unit;
        this.#chart.redraw();
      });
      choice.append(html("label", {}, input, units[unit].name));
    }
  }

  show(view: JobView): void {
    this.#rates = ratesOf(view.throughput, view.elapsedMs);
    const items = this.#rates.map((rate, index) => {
      const map = `map ${shortCountText(rate.mapRecords)} records/s, ${bytesText(rate.mapBytes)}/s`;
      const reduce = `reduce ${shortCountText(rate.reduceRecords)} values/s, ${bytesText(rate.reduceBytes)}/s`;
      return { key: String(index), text: `At ${durationText(rate.toMs)} · ${map} · ${reduce}` };
    });
    this.#chart.show(items, "How much the attempts read per second.");
  }

  #draw(width: number): Node[] {
    const endMs = this.#rates.at(-1)?.toMs ?? 0;
    const x = (ms: number) => left + (endMs === 0 ? 0 : (ms / endMs) * (width - left - right));
    const plot = svg("svg", { class: "chart", width, height, "aria-hidden": "true" });
    for (const [row, phase] of phases.entries()) this.#drawStrip(plot, phase, row * stripHeight, width, x);
    for (const ms of timeTicks(endMs, (width - left) / 90)) {
      const anchor = ms === 0 ? "start" : x(ms) > width - 40 ? "end" : "middle";
      plot.append(svg("text", { x: x(ms), y: height - 5, "text-anchor": anchor }, timeTickText(ms)));
    }
    for (const [index, { fromMs, toMs }] of this.#rates.entries()) {
      const column = { x: x(fromMs), y: 0, width: Math.max(0, x(toMs) - x(fromMs)), height: height - axisHeight };
      plot.append(svg("rect", { ...column, fill: "transparent", "data-key": index }));
    }
    return [plot];
  }

  #drawStrip(plot: SVGElement, phase: Phase, fromY: number, width: number, x: (ms: number) => number): void {
    const valueOf = (rate: Rate) => rate[`${phase}${this.#unit === "bytes" ? "Bytes" : "Records"}`];
    const most = this.#rates.reduce((max, rate) => Math.max(max, valueOf(rate)), 0);
    const [highest, lowest] = [fromY + top, fromY + stripHeight - 4];
    const y = (n: number) => (most === 0 ? lowest : lowest - (n / most) * (lowest - highest));
    for (const n of ticks(most, 3)) {
      plot.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: y(n), y2: y(n) }));
      if (n > 0) {
        plot.append(svg("text", { x: left - 6, y: y(n) + 4, "text-anchor": "end" }, units[this.#unit].text(n)));
      }
    }
    plot.append(svg("text", { class: "name", x: left, y: fromY + 14 }, phase));
    if (most === 0) return;
    const steps = this.#rates.map((rate) => {
      return `L${x(rate.fromMs).toFixed(1)} ${y(valueOf(rate)).toFixed(1)}H${x(rate.toMs).toFixed(1)}`;
    });
    plot.append(
      svg("path", { class: `area fill-${phase}`, d: `M${left} ${lowest}${steps.join("")}V${lowest}Z` }),
      svg("path", { class: `curve ${phase}`, d: steps.join("").replace("L", "M") }),
    );
  }
}
