import { describe, expect, it } from "vitest";
import { refusal } from "../../src/coordinator/refusal.js";
import { protocolVersion } from "../../src/rpc/protocol.js";
import { jobSettings } from "../support/job-settings.js";

const wc = { name: "wc.js", hash: "11111111aaaa", input: "file" } as const;
const grep = { name: "grep.js", hash: "22222222bbbb", input: "file" } as const;
const worker = { app: wc, args: undefined, protocol: protocolVersion };

describe("refusal", () => {
  it("accepts the first worker, whatever it runs", () => {
    expect(
      refusal({ settings: jobSettings(), app: undefined, args: undefined }, { ...worker, args: { a: "1" } }),
    ).toBeUndefined();
  });

  it("accepts a worker that runs the job's app, from any file", () => {
    const copied = { ...wc, name: "copy-of-wc.js" };
    expect(refusal({ settings: jobSettings(), app: wc, args: {} }, { ...worker, app: copied })).toBeUndefined();
  });

  it("refuses another app and shows both", () => {
    expect(refusal({ settings: jobSettings(), app: wc, args: {} }, { ...worker, app: grep })).toBe(
      "this worker runs app grep.js (content 22222222), but the job runs app wc.js (content 11111111)",
    );
  });

  it("accepts a worker without args, and one with the job's, in any order", () => {
    const args = { a: "1", b: "2" };
    expect(refusal({ settings: jobSettings(), app: wc, args }, worker)).toBeUndefined();
    expect(
      refusal({ settings: jobSettings(), app: wc, args }, { ...worker, args: { b: "2", a: "1" } }),
    ).toBeUndefined();
  });

  it.each([
    [{ a: "1" }, { a: "2" }, "this worker has --arg a=2, but the job has --arg a=1"],
    [{ a: "1" }, { a: "1", b: "2" }, "this worker has --arg a=1 --arg b=2, but the job has --arg a=1"],
    [{ a: "1" }, { b: "1" }, "this worker has --arg b=1, but the job has --arg a=1"],
    [{}, { a: "1" }, "this worker has --arg a=1, but the job has no --arg"],
  ])("refuses, for a job with args %j, a worker with %j", (job, own, message) => {
    expect(refusal({ settings: jobSettings(), app: wc, args: job }, { ...worker, args: own })).toBe(message);
  });

  it("refuses another protocol before anything else", () => {
    expect(refusal({ settings: jobSettings(), app: wc, args: {} }, { app: grep, args: {}, protocol: 99 })).toBe(
      `this worker speaks protocol 99 and the coordinator ${protocolVersion}: use the same version of both`,
    );
  });

  it("refuses an app without reduce in a job with reduce tasks, and accepts it in one without", () => {
    const app = { ...wc, isMapOnly: true } as const;
    expect(refusal({ settings: jobSettings(), app: undefined, args: {} }, { ...worker, app })).toBe(
      "app wc.js exports no function reduce; to output what map emits, pass -r 0",
    );
    const mapOnly = jobSettings({ reducers: 0 });
    expect(refusal({ settings: mapOnly, app: undefined, args: {} }, { ...worker, app })).toBeUndefined();
  });

  it("refuses an app that needs what the job lacks, whether from the coordinator or from the first worker", () => {
    const app = { ...grep, needs: ["--arg pattern=REGEX", "--file words.txt"] };
    const files = [
      { name: "words.txt", path: "/words.txt", sizeBytes: 1, modifiedMs: 0, statusChangedMs: 0, inode: "1", edges: 0 },
    ];
    const settings = jobSettings({ files });
    const asFirst = { app: undefined, args: undefined };
    expect(refusal({ settings, ...asFirst }, { ...worker, app })).toBe("app grep.js needs --arg pattern=REGEX");
    expect(refusal({ settings, ...asFirst }, { ...worker, app, args: { pattern: "x" } })).toBeUndefined();
    expect(refusal({ settings, ...asFirst, args: { pattern: "x" } }, { ...worker, app })).toBeUndefined();
    expect(refusal({ settings: jobSettings(), ...asFirst, args: { pattern: "x" } }, { ...worker, app })).toBe(
      "app grep.js needs --file words.txt (or --file FILE#words.txt)",
    );
  });

  it("refuses an app with a writer of its own in a job that has an output format", () => {
    const app = { ...wc, extension: "xml" };
    const jsonl = jobSettings({ output: { format: "jsonl" } });
    expect(refusal({ settings: jsonl, app: undefined, args: {} }, { ...worker, app })).toBe(
      "app wc.js has a writer of its own, for .xml files; leave out --output-format",
    );
    const csv = jobSettings({ output: { format: "csv", formatIsDefault: true } });
    expect(refusal({ settings: csv, app: undefined, args: {} }, { ...worker, app })).toBeUndefined();
    const gzipped = jobSettings({ output: { compress: "gz" } });
    expect(refusal({ settings: gzipped, app: undefined, args: {} }, { ...worker, app })).toBeUndefined();
  });
});
