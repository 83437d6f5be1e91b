/** The built page in a real browser: Debian's Chromium, or the browser that CHROMIUM names. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JobView, SpanView } from "../../src/model/job-view.js";
import { reportPage } from "../../src/status/report-page.js";
import { StatusServer } from "../../src/status/server.js";
import { chromiumPath, launchChromium, mayBeSkipped } from "./chromium.js";
import { hostileText, viewOf } from "./job-views.js";

const isSkipped = chromiumPath === undefined && mayBeSkipped;
const why = isSkipped ? " (skipped: no Chromium is installed; apt-get install chromium, or name one in CHROMIUM)" : "";

describe.skipIf(isSkipped)(`the status page in a browser${why}`, () => {
  const built = fileURLToPath(new URL("../../dist/src/status/page.html", import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), "mr-page-"));
  let browser: Browser;
  /** The page's errors, and its requests to other hosts. */
  const complaints: string[] = [];
  const requests: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    expect(complaints.splice(0)).toEqual([]);
    requests.splice(0);
  });

  afterAll(async () => {
    await browser.close();
    rmSync(directory, { recursive: true });
  });

  async function open(url: string, { width = 1280, dark = false } = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: dark ? "dark" : "light" });
    // A violated policy is reported on the console, too.
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
    return page;
  }

  function reportOf(view: JobView): string {
    const file = join(directory, "report.html");
    writeFileSync(file, reportPage(readFileSync(built, "utf8"), view));
    return pathToFileURL(file).href;
  }

  async function serve(take: () => JobView): Promise<StatusServer> {
    const server = await StatusServer.listen({ host: "127.0.0.1", port: 0, page: readFileSync(built, "utf8") });
    server.show(take);
    return server;
  }

  it("shows a kept report without any requests", async () => {
    const page = await open(reportOf(finished));
    expect(await page.textContent("#app")).toBe("wc.js");
    expect(await page.textContent("#phase")).toBe("done");
    expect(await page.title()).toBe("done · wc.js");
    expect(await page.locator("#timeline [data-key]").count()).toBe(finished.timeline.spans.length);
    expect(await page.textContent("#legend")).toBe("map 2reduce 1backup 1failed 1cancelled 1");
    expect(await page.locator("#partitions .fill-map").count()).toBe(3);
    expect(await page.textContent("#partitions .note")).toContain("The largest, 2, has 900 B: 9.0 × the median.");
    expect(await page.textContent("#counters")).toContain("words");
    expect(await page.locator("#failures details").count()).toBe(1);
    // The icon is in the page itself.
    expect(requests.filter((url) => !url.startsWith("data:"))).toEqual([page.url()]);
  });

  it("shows the output of a job without reduce tasks, and no bar for them", async () => {
    const none = { total: 0, idle: 0, inProgress: 0, completed: 0 };
    const partitions = { count: 0, totalBytes: 0, medianBytes: 0, largest: [], perEntry: 1, bytes: [] };
    const page = await open(reportOf({ ...finished, reduces: none, partitions }));
    expect(await page.textContent("#figures")).toContain("Output30 B3 lines");
    expect(await page.isVisible("#map-progress")).toBe(true);
    expect(await page.isVisible("#reduce-progress")).toBe(false);
    expect(await page.textContent("#partitions .note")).toBe("There are no reduce tasks.");
  });

  it("says at which byte a failed record begins, unless the app has its own way to count them", async () => {
    const told = async (view: JobView) => (await open(reportOf(view))).textContent("#failures .note");
    expect(await told(finished)).toContain("at the record that begins at byte 7");
    expect(await told({ ...finished, input: "own" })).toMatch(/at record 7$/);
  });

  it("shows that samples are taken, which do not count as tasks of the result", async () => {
    const sample = { kind: "sample", task: 0, attempt: 1, worker: "w1", startMs: 0, endMs: 1 } as const;
    const samples = { total: 2, idle: 0, inProgress: 1, completed: 1 };
    const maps = { total: 3, idle: 3, inProgress: 0, completed: 0 };
    const page = await open(reportOf(viewOf({ samples, maps, slowest: [sample] })));
    expect(await page.textContent("#map-progress")).toContain("first 2 samples of the keys: 1 taken");
    expect(await page.textContent("#figures")).toContain("Workers01 task running");
    expect(await page.textContent("#slowest")).toBe("No task is done yet.");
  });

  it("shows any names and errors as text", async () => {
    const names = { worker: hostileText, file: hostileText };
    const failed = { kind: "map", task: 0, attempt: 1, startMs: 0, endMs: 1, outcome: "error" } as const;
    const texts = { message: hostileText, stack: hostileText, output: hostileText };
    const page = await open(
      reportOf({
        ...finished,
        app: hostileText,
        directory: hostileText,
        args: [[hostileText, hostileText]],
        failure: { message: hostileText, stack: hostileText, details: [hostileText] },
        map: { ...finished.map, counters: [[hostileText, 1]] },
        timeline: { spans: [{ ...span(0, 0, 1), worker: hostileText }], omitted: 0 },
        slowest: [{ kind: "map", task: 0, attempt: 1, startMs: 0, endMs: 2, ...names }],
        failures: { list: [{ ...failed, ...names, ...texts }], omitted: 0 },
      }),
    );
    await page.click("#failures summary");
    await page.hover("#timeline [data-key]");
    for (const place of [
      "#app",
      "#failure-message",
      "#failure-stack",
      "#failures pre >> nth=0",
      "#counters td >> nth=0",
    ]) {
      expect(await page.textContent(place)).toBe(hostileText);
    }
    expect(await page.textContent("#timeline .note")).toContain(hostileText);
    expect(await page.evaluate("[window.hacked, document.images.length, document.scripts.length]")).toEqual([
      undefined,
      0,
      2,
    ]);
  });

  it("follows a job as it proceeds, and keeps showing it when it has ended", async () => {
    let view = viewOf();
    const server = await serve(() => view);
    const page = await open(server.url);
    await page.getByText("2 of 4 tasks done · 1 running · 1 to do").waitFor();
    expect(await page.textContent("#connection")).toBe("live");
    expect(await page.title()).toBe("33% · wc.js");
    view = { ...viewOf(), maps: { total: 4, idle: 0, inProgress: 1, completed: 3 } };
    await page.getByText("3 of 4 tasks done · 1 running").waitFor();
    await server.close(finished);
    await page.getByText("the job has ended; this is its final state").waitFor();
    expect(await page.textContent("#phase")).toBe("done");
    const asked = requests.filter((url) => !url.startsWith("data:"));
    expect(asked).toEqual([server.url, `${server.url}api/events`]);
  });

  it("keeps an opened failed attempt open while others arrive", async () => {
    let view = finished;
    const server = await serve(() => view);
    const page = await open(server.url);
    await page.click("#failures summary");
    const [first] = finished.failures.list;
    if (first === undefined) throw new Error("there is none");
    view = { ...finished, failures: { list: [first, { ...first, attempt: 2 }], omitted: 0 } };
    await page.locator("#failures details >> nth=1").waitFor();
    expect(await page.locator("#failures details[open] pre >> nth=1").textContent()).toBe("at map (app.mjs:4)");
    await server.close(undefined);
  });

  it("can be used with the keyboard: each attempt is described in words", async () => {
    const page = await open(reportOf(finished));
    await page.focus("#timeline .chart-area");
    const told = () => page.textContent("#timeline .note");
    expect(await told()).toBe("Point at a bar, or use the arrow keys, to see what it is.");
    await page.keyboard.press("ArrowRight");
    expect(await told()).toBe("map task 0, attempt 1 on w1 · 500 ms, from 0 ms · 1 record, 10 B read");
    await page.keyboard.press("End");
    expect(await told()).toContain("on w2");
    expect(await page.locator("#timeline .selected").count()).toBe(1);
    await page.keyboard.press("Escape");
    expect(await told()).toBe("Point at a bar, or use the arrow keys, to see what it is.");
    // Everything that can be opened or chosen is reached with the Tab key.
    const reached = new Set<string>();
    for (let n = 0; n < 20; n++) {
      reached.add(await page.evaluate<string>("document.activeElement.tagName"));
      await page.keyboard.press("Tab");
    }
    expect([...reached]).toEqual(expect.arrayContaining(["INPUT", "SUMMARY"]));
  });

  it("fits phones and desktops, and is readable in light and dark mode", async () => {
    const wide = "x".repeat(300);
    const failure = { message: wide, stack: `at ${wide}`, details: [wide] };
    const url = reportOf({ ...finished, app: wide, directory: `/${wide}`, failure });
    for (const width of [360, 390, 1280]) {
      for (const dark of [false, true]) {
        const page = await open(url, { width, dark });
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
        expect(await page.evaluate<[string, number][]>(lowContrasts)).toEqual([]);
        await page.close();
      }
    }
  });

  it("draws a large job completely", async () => {
    const spans = Array.from({ length: 2000 }, (_, n) => ({ ...span(n, n, n + 1), worker: `w${(n % 400) + 1}` }));
    const bytes = Array.from({ length: 500 }, (_, n) => n);
    const partitions = { ...finished.partitions, count: 10_000, perEntry: 20, bytes };
    const page = await open(reportOf({ ...finished, timeline: { spans, omitted: 7 }, partitions }));
    expect(await page.textContent("#timeline .note")).toContain(
      "7 earlier attempts not shown; 100 more workers not shown",
    );
    expect(await page.locator("#timeline [data-key]").count()).toBe(1500);
    expect(await page.locator("#partitions .fill-map").count()).toBe(500);
  });
});

function span(task: number, startMs: number, endMs: number): SpanView {
  const measures = { count: 1, records: 1, bytes: 10, isBackup: false, outcome: "committed" as const };
  return { kind: "map", task, attempt: 1, worker: "w1", startMs, endMs, ...measures };
}

const finished = viewOf({
  phase: "done",
  elapsedMs: 2000,
  maps: { total: 3, idle: 0, inProgress: 0, completed: 3 },
  reduces: { total: 1, idle: 0, inProgress: 0, completed: 1 },
  map: {
    recordsIn: 3,
    recordsOut: 3,
    bytesIn: 30,
    bytesOut: 30,
    keys: 3,
    spills: 0,
    spilledBytes: 0,
    counters: [["words", 12]],
  },
  timeline: {
    omitted: 0,
    spans: [
      span(0, 0, 500),
      span(1, 500, 900),
      { ...span(2, 0, 300), worker: "w2", outcome: "error" },
      { ...span(2, 400, 1500), attempt: 2, worker: "w2", outcome: "cancelled" },
      { ...span(2, 900, 1400), attempt: 3, isBackup: true },
      { ...span(0, 1500, 2000), kind: "reduce", worker: "w2" },
    ],
  },
  failures: {
    omitted: 0,
    list: [
      {
        ...{ kind: "map", task: 2, attempt: 1, worker: "w2", file: "c.txt", startMs: 0, endMs: 300 },
        ...{ outcome: "error", message: "RangeError: no such date", stack: "at map (app.mjs:4)", record: 7 },
      },
    ],
  },
  partitions: {
    count: 3,
    totalBytes: 1050,
    medianBytes: 100,
    largest: [{ partition: 2, bytes: 900 }],
    perEntry: 1,
    bytes: [50, 100, 900],
  },
  throughput: [0, 1000, 2000].map((atMs) => {
    return { atMs, mapRecords: atMs, mapBytes: atMs, reduceRecords: 0, reduceBytes: 0 };
  }),
});

/** Runs in the page: returns texts whose contrast to their background is less than 4.5 : 1 (WCAG 2.2, 1.4.3). */
const lowContrasts = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) => {
    return element.closest("script, style, noscript, svg [data-key]") === null && element.checkVisibility() &&
      [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  });
  return texts.flatMap((element) => {
    const style = getComputedStyle(element);
    const [a, b] = [luminance(element instanceof SVGElement ? style.fill : style.color), luminance(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return ratio >= 4.5 ? [] : [[element.tagName + "." + element.getAttribute("class") + " " + element.textContent.slice(0, 20), ratio]];
  });
})()`;
