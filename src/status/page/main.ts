/** The page. A kept report contains its job; a coordinator sends the job's view, and then the changes to it. */
import type { JobView } from "../../model/job-view.js";
import { patterns } from "./chart.js";
import { byId, html, setText } from "./dom.js";
import { FailureList } from "./failures.js";
import { plural } from "./format.js";
import { hasEnded, showOverview } from "./overview.js";
import { PartitionsChart } from "./partitions.js";
import { countersTable, slowestTable, workersTable } from "./tables.js";
import { ThroughputChart } from "./throughput.js";
import { TimelineChart } from "./timeline.js";

document.body.append(patterns());
const timeline = new TimelineChart(byId("timeline"), byId("legend"), "timeline-title");
const throughput = new ThroughputChart(byId("throughput"), byId("throughput-units"), "throughput-title");
const partitions = new PartitionsChart(byId("partitions"), "partitions-title");
const failures = new FailureList(byId("failures"));
const connection = byId("connection");

const kept = document.getElementById("job");
if (kept === null) watch();
else {
  const view = JSON.parse(kept.textContent) as JobView;
  show(view, new Set(Object.keys(view)));
  byId("footer").append(`Report of job ${view.job}.`);
}

/** Shows the changed parts of the view. */
function show(view: JobView, changed: ReadonlySet<string>): void {
  const has = (...names: (keyof JobView)[]) => names.some((name) => changed.has(name));
  showOverview(view);
  if (has("timeline", "workers", "elapsedMs")) timeline.show(view);
  if (has("throughput", "elapsedMs")) throughput.show(view);
  if (has("partitions")) partitions.show(view);
  if (has("warnings")) showWarnings(view);
  byId("failures-section").hidden = view.failures.list.length === 0;
  if (has("failures")) failures.show(view);
  if (has("slowest", "durations")) byId("slowest").replaceChildren(...slowestTable(view));
  if (has("map", "reduce")) byId("counters").replaceChildren(...countersTable(view));
  if (has("workers")) byId("workers").replaceChildren(...workersTable(view));
}

function showWarnings({ warnings = { list: [], omitted: 0 } }: JobView): void {
  const { list, omitted } = warnings;
  byId("warnings-section").hidden = list.length === 0;
  const more = omitted === 0 ? [] : [`${plural(omitted, "more warning")} not kept.`];
  byId("warnings").replaceChildren(...[...list, ...more].map((text) => html("li", {}, text)));
}

function watch(): void {
  const links = [
    ["/api/status", "JSON"],
    ["/metrics", "Prometheus metrics"],
  ] as const;
  byId("footer").append(...links.map(([href, text]) => html("a", { href }, text)));
  say("lost", "connecting…");
  let view: JobView | undefined;
  const events = new EventSource("/api/events");
  events.addEventListener("open", () => say("live", "live"));
  events.addEventListener("message", ({ data }) => {
    const patch = JSON.parse(String(data)) as Partial<JobView>;
    const isOther = patch.job !== undefined && patch.job !== view?.job;
    // The first message is the whole view.
    view = isOther ? (patch as JobView) : view && { ...view, ...patch };
    if (view !== undefined) show(view, new Set(Object.keys(patch)));
  });
  events.addEventListener("end", () => {
    events.close();
    say("", "the job has ended; this is its final state");
  });
  // The browser reconnects by itself.
  events.addEventListener("error", () => {
    if (view !== undefined && hasEnded(view)) events.close();
    else say("lost", "no connection to the coordinator");
  });
}

function say(state: string, text: string): void {
  connection.className = state;
  setText(connection, text);
}
