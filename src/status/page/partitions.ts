import type { JobView } from "../../model/job-view.js";
import { Chart } from "./chart.js";
import { svg } from "./dom.js";
import { bytesText, plural, ratioText } from "./format.js";
import { ticks } from "./scale.js";

const height = 190;
const [top, bottom] = [10, 24];
/** Room for the numbers of the axis. */
const left = 58;

/** How many bytes each reduce task has to read, which shows whether one task has most of the work. */
export class PartitionsChart {
  readonly #chart: Chart;
  #partitions: JobView["partitions"] | undefined;

  constructor(container: HTMLElement, titleId: string) {
    this.#chart = new Chart(container, titleId, (width) => this.#draw(width));
  }

  show({ partitions }: JobView): void {
    this.#partitions = partitions;
    const { bytes, perEntry, medianBytes } = partitions;
    const items = bytes.map((n, entry) => {
      const [first, last] = [entry * perEntry, Math.min(partitions.count, (entry + 1) * perEntry) - 1];
      const which = first === last ? `Partition ${first}` : `Largest of partitions ${first} to ${last}`;
      const compared = medianBytes === 0 ? "" : `, ${ratioText(n, medianBytes)} the median`;
      return { key: String(entry), text: `${which}: ${bytesText(n)}${compared}` };
    });
    this.#chart.show(items, standing(partitions));
  }

  #draw(width: number): Node[] {
    const { bytes = [], medianBytes = 0, largest = [], perEntry = 1 } = this.#partitions ?? {};
    const most = largest[0]?.bytes ?? 0;
    const plotHeight = height - top - bottom;
    const y = (n: number) => top + plotHeight - (most === 0 ? 0 : (n / most) * plotHeight);
    const plot = svg("svg", { class: "chart", width, height, "aria-hidden": "true" });
    for (const n of ticks(most, 4)) {
      plot.append(svg("line", { class: "grid", x1: left, x2: width, y1: y(n), y2: y(n) }));
      if (n > 0) plot.append(svg("text", { x: left - 6, y: y(n) + 4, "text-anchor": "end" }, bytesText(n)));
    }
    const step = Math.min(64, (width - left) / Math.max(1, bytes.length));
    const gap = step > 6 ? Math.min(6, step / 5) : 0;
    const labelEvery = Math.max(1, Math.ceil(34 / step));
    for (const [entry, n] of bytes.entries()) {
      const x = left + entry * step;
      const bar = { x: x + gap / 2, y: y(n), width: step - gap, height: Math.max(0, y(0) - y(n)) };
      const column = { x, y: top, width: step, height: plotHeight };
      plot.append(
        svg("rect", { class: "fill-map", ...bar, rx: Math.min(3, step / 6) }),
        svg("rect", { ...column, fill: "transparent", "data-key": entry }),
      );
      if (entry % labelEvery !== 0) continue;
      const label = { x: x + step / 2, y: height - 6, "text-anchor": "middle" };
      plot.append(svg("text", label, String(entry * perEntry)));
    }
    if (medianBytes > 0) {
      const end = Math.min(width, left + bytes.length * step);
      plot.append(svg("line", { class: "median", x1: left, x2: end, y1: y(medianBytes), y2: y(medianBytes) }));
    }
    return [plot];
  }
}

function standing({ count, totalBytes, medianBytes, largest: [first] }: JobView["partitions"]): string {
  if (count === 0) return "There are no reduce tasks.";
  if (first === undefined || totalBytes === 0) return "Nothing has gone from map to reduce yet.";
  const all = `${bytesText(totalBytes)} in ${plural(count, "partition")}; dashed: the median, ${bytesText(medianBytes)}.`;
  if (count === 1 || medianBytes === 0) return all;
  const ratio = ratioText(first.bytes, medianBytes);
  return `${all} The largest, ${first.partition}, has ${bytesText(first.bytes)}: ${ratio} the median.`;
}
