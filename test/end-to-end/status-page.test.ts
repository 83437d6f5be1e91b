import { connect } from "node:net";
import { once } from "node:events";
import { describe, expect } from "vitest";
import { parseReport } from "../../src/status/report-page.js";
import { expectRefusal, found, type Place, type Program, test, until } from "./programs.js";

/** Maps wait for a file `go`. */
const waiting = `
import { existsSync } from "node:fs";
export const input = "lines";
export async function map(file, line, ctx) {
  while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
  ctx.counter("lines").add(1);
  ctx.emit(line, 1);
}
export const reduce = (key, values) => values.length;
`;

/** Fails at the second line, with a message that looks like HTML. */
const failing = `
export const input = "lines";
export function map(file, line) {
  if (line === "b") throw new RangeError("<img src=x onerror=alert(1)>");
}
export const reduce = () => undefined;
`;

async function urlOf(program: Program): Promise<string> {
  return found(() => /http:\/\/[^ \n]+\//.exec(program.stderr)?.[0], "the address of the status page");
}

async function statusOf(url: string) {
  const response = await fetch(`${url}api/status`);
  return parseReport(await response.text());
}

function reportIn(place: Place, directory: string) {
  return parseReport(place.read(`${directory}/mr-report.json`));
}

describe("the status page", () => {
  test("shows a job of mr run while it runs, and does not delay its end for a stuck client", async ({ place }) => {
    place.write("app.mjs", waiting);
    place.write("in.txt", "a\nb\na\n");
    const run = place.start("mr", ["run", "./app.mjs", "-w", "1", "-r", "2", "--status-port", "0", "in.txt"]);
    const url = await urlOf(run);
    await until(
      async () => (await statusOf(url))?.maps.inProgress === 1,
      () => "the map to run",
    );
    expect(await statusOf(url)).toMatchObject({
      app: "app.mjs",
      phase: "map",
      workers: { list: [{ running: { kind: "map", task: 0 } }] },
    });
    expect(await (await fetch(url)).text()).toContain("<title>MapReduce job</title>");
    expect(await (await fetch(`${url}metrics`)).text()).toContain(
      'mapreduce_tasks{phase="map",state="in_progress"} 1\n',
    );
    const stuck = connect(Number(new URL(url).port), "127.0.0.1").pause();
    stuck.on("error", () => undefined);
    await once(stuck, "connect");
    stuck.write("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    place.write("go", "");
    expect(await run.exit()).toMatchObject({ code: 0 });
    stuck.destroy();
    expect(reportIn(place, "mr-output")).toMatchObject({
      phase: "done",
      map: { recordsIn: 3, counters: [["lines", 3]] },
      ended: [
        { kind: "map", outcome: "committed", count: 1 },
        { kind: "reduce", outcome: "committed", count: 2 },
      ],
    });
  });

  test("of mr-coordinator is up before its workers, and tells watchers how the job ended", async ({ place }) => {
    place.write("in.txt", "a\n");
    const coordinator = place.start("mr-coordinator", ["-o", "out", "-r", "1", "--status-port", "0", "in.txt"]);
    const url = await urlOf(coordinator);
    await until(
      async () => (await statusOf(url))?.phase === "waiting",
      () => "the job to wait",
    );
    const events = (await fetch(`${url}api/events`)).text();
    await place.succeed("mr-worker", ["wc"]);
    expect(await coordinator.exit()).toMatchObject({ code: 0 });
    const [before = "", end] = (await events).split("event: end");
    expect(before).toContain('"phase":"done"');
    expect(end).toBeDefined();
  });

  test("with a taken port or invalid options starts no job", async ({ place }) => {
    place.write("in.txt", "a\n");
    const other = place.start("mr-coordinator", ["-o", "other", "--status-port", "0", "in.txt"]);
    const { port } = new URL(await urlOf(other));
    const ended = await place.run("mr", ["run", "wc", "--status-port", port, "in.txt"]);
    expectRefusal(
      ended,
      `cannot show the status page at 127.0.0.1:${port}: it is in use; choose another --status-port`,
    );
    expectRefusal(await place.run("mr", ["run", "wc", "--status-port", "70000", "in.txt"]), "from 0 to 65535");
    expectRefusal(await place.run("mr", ["run", "wc", "--status-host", "a b", "in.txt"]), "--status-host");
    expect(place.exists("mr-output")).toBe(false);
    other.signal("SIGINT");
    await other.exit();
  });

  test("that is reachable from elsewhere says so, with its address, even with --quiet", async ({ place }) => {
    place.write("in.txt", "a\n");
    const { stderr } = await place.succeed("mr", [
      "run",
      "--quiet",
      "wc",
      "--status-port",
      "0",
      "--status-host",
      "0.0.0.0",
      "in.txt",
    ]);
    expect(stderr).toMatch(/^mr run: status page at http:.*\nmr run: anyone who can reach 0\.0\.0\.0 can see it.*\n$/);
  });
});

describe("mr report", () => {
  test("makes one page of a finished job, which a later job in that directory replaces", async ({ place }) => {
    const outputs = ["manifest.json", "out-0", "report.json"].map((name) => `mr-output/mr-${name}`);
    place.write("in.txt", "a b\n");
    await place.succeed("mr", ["run", "wc", "-r", "1", "in.txt"]);
    expect(place.files("mr-output")).toEqual(outputs);
    const { stderr } = await place.succeed("mr", ["report"]);
    expect(stderr).toBe("mr report: wrote mr-output/mr-report.html\n");
    const page = place.read("mr-output/mr-report.html");
    expect(page).not.toMatch(/(src|href)="?(https?:)?\/\//);
    const data = /<script type="application\/json" id="job">(.*?)<\/script>/s.exec(page)?.[1] ?? "";
    expect(parseReport(data)).toEqual(reportIn(place, "mr-output"));
    expect((await place.succeed("mr", ["report", "mr-output", "-o", "-"])).stdout).toBe(page);
    await place.succeed("mr", ["report", "-o", "copy.html"]);
    expect(place.read("copy.html")).toBe(page);
    const { job } = reportIn(place, "mr-output") ?? {};
    await place.succeed("mr", ["run", "wc", "-r", "1", "in.txt"]);
    expect(place.files("mr-output")).toEqual(outputs);
    expect(reportIn(place, "mr-output")?.job).not.toBe(job);
    // Its outputs no longer match the report.
    await place.succeed("mr", ["sequential", "wc", "-r", "1", "in.txt"]);
    expect(place.files("mr-output")).toEqual(outputs.slice(0, 2));
  });

  test("shows a job that has failed, too: each attempt with its error and stack, as text", async ({ place }) => {
    place.write("app.mjs", failing);
    place.write("in.txt", "a\nb\n");
    expect(await place.run("mr", ["run", "./app.mjs", "-w", "1", "in.txt"])).toMatchObject({ code: 1 });
    expect(place.files("mr-output")).toEqual(["mr-output/mr-report.json"]);
    const view = reportIn(place, "mr-output");
    expect(view?.phase).toBe("failed");
    expect(view?.failures.list).toHaveLength(4);
    expect(view?.failures.list[0]).toMatchObject({ file: "in.txt", record: 2, outcome: "error", attempt: 1 });
    expect(view?.failures.list[0]?.stack).toContain("app.mjs:4:");
    const { stdout } = await place.succeed("mr", ["report", "-o", "-"]);
    expect(stdout).toContain("\\u003cimg src=x");
    expect(stdout).not.toContain("<img");
  });

  test("a stopped job leaves no report, and does not change an earlier one", async ({ place }) => {
    place.write("app.mjs", waiting);
    place.write("in.txt", "a\n");
    place.write("out/mr-report.json", "{}");
    const run = place.start("mr", ["run", "./app.mjs", "-o", "out", "--status-port", "0", "in.txt"]);
    const url = await urlOf(run);
    await until(
      async () => (await statusOf(url))?.maps.inProgress === 1,
      () => "the map to run",
    );
    run.signalGroup("SIGINT");
    expect(await run.exit()).toMatchObject({ code: 130 });
    expect(place.files("out")).toEqual(["out/mr-report.json"]);
    expect(place.read("out/mr-report.json")).toBe("{}");
  });

  test("without a report, or with a damaged one, says so in a line", async ({ place }) => {
    place.write("out/mr-report.json", "{");
    place.write("good.txt", "a\n");
    expectRefusal(await place.run("mr", ["report", "nowhere"]), "cannot read nowhere/mr-report.json: no job of");
    expectRefusal(await place.run("mr", ["report", "out"]), "out/mr-report.json is damaged");
    await place.succeed("mr", ["run", "wc", "good.txt"]);
    expectRefusal(await place.run("mr", ["report", "-o", "no/such/page.html"]), "cannot write no/such/page.html");
    expectRefusal(await place.run("mr", ["report", "--open", "-o", "-"]), "--open needs a file");
    for (const option of [
      ["-o", "mr-output/mr-manifest.json"],
      ["--trace", "mr-output/mr-report.html"],
    ]) {
      expectRefusal(await place.run("mr", ["report", ...option]), "it has the name of a job's file");
    }
    await place.succeed("mr", ["verify", "--quiet"]);
    expect((await place.succeed("mr", ["report", "--quiet", "-o", "mr-output/mr-report.html"])).stderr).toBe("");
  });
});
