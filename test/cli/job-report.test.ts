import { afterEach, describe, expect, test, vi } from "vitest";
import { tellEnd, type JobEnd } from "../../src/cli/job-report.js";
import { Exit } from "../../src/cli/program.js";
import { viewOf } from "../status/job-views.js";
import { snapshotOf, tasks } from "../status/snapshots.js";

type Report = JobEnd["report"];

/** The reported part of a report. */
function reportOf(given: Partial<Report> & Pick<Report, "snapshot">): Report {
  const view = viewOf({ phase: given.snapshot.phase });
  const none = { outputs: [], sideFiles: [], isResumable: false, failure: undefined };
  return { directory: "/out", view, ...none, ...given };
}

/** The JSON on standard output, and the Exit that was thrown. */
async function toldOf(end: JobEnd, given: { readonly sample?: number } = {}) {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const exit = await tellEnd("mr run", end, { ...given, json: true, quiet: true }).catch((error: unknown) => error);
  const text = write.mock.calls.map(([chunk]) => String(chunk)).join("");
  return { json: text === "" ? undefined : (JSON.parse(text) as unknown), exit: exit as Exit | undefined };
}

afterEach(() => {
  vi.restoreAllMocks();
});

const done = reportOf({ snapshot: snapshotOf({ phase: "done" }) });

test("the report of a job that has passed contains the advice of its summary", async () => {
  const view = viewOf({ phase: "done", ended: [{ kind: "map", outcome: "memory", count: 2 }] });
  const { json } = await toldOf({ report: { ...done, view } });
  expect(json).toMatchObject({ advice: ["2 attempts ran out of memory: make --split-size or --workers smaller"] });
});

describe("when no worker can work", () => {
  const maps = tasks(20, 10);
  const report = reportOf({ snapshot: snapshotOf({ phase: "stopped", maps, reduces: tasks(10, 0) }) });
  const poolFailure = { message: "cannot load app", isUsersMistake: true };

  test("and none has, it is wrong usage, with nothing on standard output", async () => {
    const { json, exit } = await toldOf({ report, poolFailure });
    expect({ json, exit }).toMatchObject({ json: undefined, exit: { code: 2, message: "cannot load app" } });
  });

  test("and some have, the job has failed, with a report, and can be resumed", async () => {
    const end = { report: { ...report, isResumable: true }, poolFailure: { ...poolFailure, isUsersMistake: false } };
    const { json, exit } = await toldOf(end);
    expect(json).toMatchObject({ phase: "stopped", maps: { completed: 10 } });
    expect(exit).toBeInstanceOf(Exit);
    expect(exit?.code).toBe(1);
    expect(exit?.message).toMatch(
      /^cannot load app; 10 of 30 tasks are done; to continue, run the same command with --resume/,
    );
  });

  test("but those of an earlier step have, that step was worked on", async () => {
    const step = { number: 2, count: 2, isResumable: true };
    const { json, exit } = await toldOf({ report, poolFailure, step, earlierSteps: [done] });
    expect({ json, exit }).toMatchObject({ json: { earlierSteps: [{ phase: "done" }] }, exit: { code: 1 } });
  });

  test("any more, but all is done, the job has succeeded", async () => {
    const { json, exit } = await toldOf({ report: done, poolFailure: { ...poolFailure, isUsersMistake: false } });
    expect({ json, exit }).toMatchObject({ json: { phase: "done" }, exit: undefined });
  });
});

describe("only the first step reports how much was sampled:", () => {
  const last = { report: done, step: { number: 3, count: 3, isResumable: true } };
  test.each<[string, JobEnd, unknown, unknown[]]>([
    ["of a job by itself", { report: done }, 50, []],
    ["of the only step that ran", { report: done, step: { ...last.step, number: 1 } }, 50, []],
    ["of one that others have followed", { ...last, earlierSteps: [done, done] }, undefined, [50, undefined]],
    ["not of those that ran after it was done before", { ...last, earlierSteps: [done] }, undefined, [undefined]],
  ])("%s", async (_which, end, ofLast, ofEarlier) => {
    const { json } = await toldOf(end, { sample: 50 });
    const { samplePercent, earlierSteps = [] } = json as Sampled & { readonly earlierSteps?: readonly Sampled[] };
    expect(samplePercent).toBe(ofLast);
    expect(earlierSteps.map((step) => step.samplePercent)).toEqual(ofEarlier);
  });
});

interface Sampled {
  readonly samplePercent?: number;
}
