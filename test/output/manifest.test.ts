import { readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { JobDirectory } from "../../src/output/directory.js";
import { earlierFiles, foreseeClearing } from "../../src/output/earlier-job.js";
import { noSources, type JobSources } from "../../src/output/job-files.js";
import { readManifest, writeManifest, type JobFacts } from "../../src/output/manifest.js";
import { manifestName, type JobFileKind } from "../../src/output/names.js";
import { publish } from "../../src/output/publication.js";
import { verifyOutputs } from "../../src/output/verify.js";
import { noMeasures } from "../../src/model/measures.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const facts: JobFacts = {
  engineVersion: "1.2.3",
  app: { name: "own.js", hash: "ab", input: "lines", extension: "xml" },
  args: { a: "1" },
  argsRead: ["a"],
  inputs: [{ name: "in", path: "/in", sizeBytes: 5, modifiedMs: 0.5, statusChangedMs: 0, inode: "1", edges: 0 }],
  ...{ reducers: 2, output: {}, splitBytes: 9, samplePercent: 2.5, badRecordsMax: 3, mapTasks: 1, badRecords: 1 },
  files: [],
  outputs: [],
  earlierSteps: [],
  map: { ...noMeasures(), recordsIn: 4, counters: [["__proto__", 2]] },
  reduce: noMeasures(),
  elapsedMs: 1500.4,
};

/** A directory with the outputs of a job, and its manifest. */
function finishedJob(contents: Record<string, string>, job: Partial<JobFacts> = {}): string {
  const directory = temporary.newDirectory();
  const outputs = Object.entries(contents).map(([name, content]) => {
    writeFileSync(join(directory, name), content);
    return { name, records: 1, bytes: content.length, checksum: crc32(content) };
  });
  writeManifest(directory, "job", { ...facts, outputs, ...job });
  publish(directory, { jobId: "job", names: [manifestName], obsolete: [] });
  return directory;
}

describe("the manifest", () => {
  it("describes the job and its output", () => {
    const directory = finishedJob({ "mr-out-0.xml": "<a/>", "mr-out-1.xml": "" });
    const text = readFileSync(join(directory, "mr-manifest.json"), "utf8");
    const manifest = JSON.parse(text) as { started: string; ended: string };
    expect(manifest).toMatchObject({
      engine: { name: "mapreduce-ts", version: "1.2.3" },
      app: { name: "own.js", hash: "ab", input: "lines" },
      args: { a: "1" },
      inputs: [{ name: "in", path: "/in", bytes: 5, modified: "1970-01-01T00:00:00.000Z" }],
      options: { reducers: 2, outputFormat: "app", compress: "none", splitBytes: 9, skipBadRecords: 3 },
      tasks: { map: 1, reduce: 2 },
      outputs: [
        { name: "mr-out-0.xml", records: 1, bytes: 4, crc32: "01d11cd4" },
        { name: "mr-out-1.xml", records: 1, bytes: 0, crc32: "00000000" },
      ],
      badRecords: 1,
      elapsedMs: 1500,
    });
    expect(text).toContain('"__proto__": 2');
    expect(manifest).not.toHaveProperty("files");
    expect(manifest).not.toHaveProperty("earlierSteps");
    expect(Date.parse(manifest.ended) - Date.parse(manifest.started)).toBeGreaterThanOrEqual(1500);
    expect(readManifest(directory)).toMatchObject({ outputs: [{ name: "mr-out-0.xml" }, { name: "mr-out-1.xml" }] });
    expect(readdirSync(directory).sort()).toEqual(["mr-manifest.json", "mr-out-0.xml", "mr-out-1.xml"]);
  });

  it("lists the files that the app could read, and the earlier steps of a pipeline", () => {
    const first = readManifest(finishedJob({ "mr-out-0": "a 1\n" }, { args: { step: "first" } }));
    const files = [
      { name: "stop", path: "/stop.txt", sizeBytes: 7, modifiedMs: 1, statusChangedMs: 0, inode: "1", edges: 0 },
    ];
    const last = readManifest(finishedJob({}, { files, earlierSteps: [first] }));
    expect(last.files).toEqual([{ name: "stop", path: "/stop.txt", bytes: 7, modified: "1970-01-01T00:00:00.001Z" }]);
    expect(last.earlierSteps).toMatchObject([{ args: { step: "first" }, map: { recordsIn: 4 } }]);
    expect(last.earlierSteps?.[0]).not.toHaveProperty("outputs");
  });

  it.each([1e20, 2.7e14, -1e14])(
    "leaves out when an input was changed, if no calendar has the time %d",
    (modifiedMs) => {
      const directory = finishedJob(
        {},
        { inputs: [{ name: "in", path: "/in", sizeBytes: 5, modifiedMs, statusChangedMs: 0, inode: "1", edges: 0 }] },
      );
      expect(readManifest(directory).inputs).toEqual([{ name: "in", path: "/in", bytes: 5 }]);
    },
  );

  it.each([
    ["is missing", undefined, /there is no output of a finished job in .*: it has no mr-manifest\.json/],
    ["is torn", '{"manifest":1,', /mr-manifest\.json is damaged, or of another version/],
    ["is of another version", '{"manifest":2}', /mr-manifest\.json is damaged, or of another version/],
  ])("is told when it %s", (_, content, message) => {
    const directory = temporary.newDirectory();
    if (content !== undefined) writeFileSync(join(directory, "mr-manifest.json"), content);
    expect(() => readManifest(directory)).toThrow(message);
  });

  it("cannot name a file outside of its directory", () => {
    const directory = finishedJob({ "mr-out-0.xml": "" });
    const path = join(directory, "mr-manifest.json");
    for (const name of ["../mr-out-0", "mr-out-0/../../x", "/etc/passwd", "notes.txt"]) {
      writeFileSync(
        path,
        readFileSync(path, "utf8").replace(/"mr-out-0.xml"|"[^"]*"(?=,\n *"records")/, JSON.stringify(name)),
      );
      expect(() => readManifest(directory)).toThrow("is damaged");
    }
  });
});

describe("verifying an output", () => {
  const contents = { "mr-out-0": "a 1\n", "mr-out-1": "b 1\n", "mr-out-2": "" };

  it("finds nothing when nothing has changed", () => {
    const directory = finishedJob(contents);
    writeFileSync(join(directory, "notes.txt"), "");
    expect(verifyOutputs(directory).problems).toEqual([]);
  });

  it("names each file that is missing, longer, shorter, changed, not a file, or not the job's", () => {
    const directory = finishedJob({ ...contents, "mr-out-3": "c 1\n", "mr-out-4": "d" });
    writeFileSync(join(directory, "mr-out-0"), "a 2\n");
    writeFileSync(join(directory, "mr-out-2"), "x");
    truncateSync(join(directory, "mr-out-3"), 1);
    renameSync(join(directory, "mr-out-1"), join(directory, "mr-out-1.jsonl"));
    renameSync(join(directory, "mr-out-4"), join(directory, "mr-out-4~"));
    expect(verifyOutputs(directory).problems).toEqual([
      expect.stringMatching(/^mr-out-0: its CRC-32 is [0-9a-f]{8}, but the job wrote [0-9a-f]{8}$/),
      "mr-out-1: it is missing",
      "mr-out-2: it has 1 bytes, but the job wrote 0",
      "mr-out-3: it has 1 bytes, but the job wrote 4",
      "mr-out-4: it is missing",
      "mr-out-1.jsonl: it is not an output of the job",
      "mr-out-4~: it is not an output of the job",
    ]);
  });
});

describe("the files of an earlier job", () => {
  async function clear(
    path: string,
    given: { suffix?: string; sources?: JobSources; ownKinds?: readonly JobFileKind[] } = {},
  ) {
    const job = { suffix: "", sources: noSources, ownKinds: [], ...given };
    const foreseen = job.ownKinds.length > 0 ? undefined : foreseeClearing(path, job);
    const directory = await JobDirectory.take(path, noSources);
    const warnings: string[] = [];
    try {
      const warn = (message: string) => warnings.push(message);
      const cleared = directory.remove(earlierFiles(directory.path, { ...job, warn }));
      expect(foreseen ?? cleared).toBe(cleared);
      return { cleared, warnings };
    } finally {
      await directory.release({ removeIfEmpty: false });
    }
  }

  it("include outputs in any format, even the app's own if the manifest names them, and the manifest", async () => {
    const path = finishedJob({ "mr-out-0.xml": "", "mr-out-1.xml": "" });
    for (const name of ["mr-out-0", "mr-out-0.gz", "mr-out-1.jsonl", "mr-out-2.csv.gz", "mr-out-3.tsv", "mr-0-0"]) {
      writeFileSync(join(path, name), "");
    }
    writeFileSync(join(path, "notes.txt"), "");
    expect(await clear(path)).toEqual({ cleared: 9, warnings: [] });
    expect(readdirSync(path)).toEqual(["notes.txt"]);
  });

  it("include files with the names of this job's outputs, and a warning names others that look like outputs", async () => {
    const path = temporary.newDirectory();
    for (const name of ["mr-out-0.xml", "mr-out-0.xml.gz", "mr-out-0.sorted"]) writeFileSync(join(path, name), "");
    const { cleared, warnings } = await clear(path, { suffix: ".xml" });
    expect(cleared).toBe(1);
    expect(warnings).toEqual([
      expect.stringContaining("mr-out-0.sorted, mr-out-0.xml.gz, which this job did not write"),
    ]);
    expect(readdirSync(path).sort()).toEqual(["mr-out-0.sorted", "mr-out-0.xml.gz"]);
  });

  it("exclude files of kinds that this job has already written, and those that only a running job has", async () => {
    const path = temporary.newDirectory();
    for (const name of [
      ".mr-tmp-a-map-0-1-0",
      ".mr-journal",
      ".mr-new-a-mr-out-0",
      "mr-side-map-0-log",
      "mr-bad-records.jsonl",
      "mr-report.html",
      "mr-cpu-map-0-1.cpuprofile",
    ]) {
      writeFileSync(join(path, name), "");
    }
    expect(await clear(path, { ownKinds: ["profile"] })).toEqual({ cleared: 3, warnings: [] });
    const working = [".mr-journal", ".mr-new-a-mr-out-0", ".mr-tmp-a-map-0-1-0"];
    expect(readdirSync(path).sort()).toEqual([...working, "mr-cpu-map-0-1.cpuprofile"]);
    expect(await clear(path)).toEqual({ cleared: 1, warnings: [] });
    expect(readdirSync(path).sort()).toEqual(working);
    expect(await clear(join(path, "new"))).toEqual({ cleared: 0, warnings: [] });
  });

  it("exclude missing outputs of the manifest", async () => {
    const path = finishedJob({ "mr-out-0.xml": "", "mr-out-1.xml": "" });
    rmSync(join(path, "mr-out-1.xml"));
    expect(await clear(path)).toEqual({ cleared: 2, warnings: [] });
  });

  it.each([
    ["an input", "input", { inputs: "mr-out-0.xml" }],
    ["a --file", "--file", { files: "mr-out-0.xml" }],
    ["an input of the pipeline around it", "input", { inputs: "mr-step-1", pipelineInputs: "mr-out-0.xml" }],
    ["what will be called as its own outputs", "input", { inputs: "mr-out-7.own" }],
  ])("is refused, early and late, when one of the files is %s", async (_what, kind, names) => {
    const path = finishedJob({ "mr-out-0.xml": "" });
    writeFileSync(join(path, "mr-out-7.own"), "");
    const before = readdirSync(path);
    const sources: JobSources = {
      ...noSources,
      ...Object.fromEntries(
        Object.entries(names).map(([of, name]) => [
          of,
          [
            {
              name: "theirs",
              path: join(path, name),
              sizeBytes: 0,
              modifiedMs: 0,
              statusChangedMs: 0,
              inode: "1",
              edges: 0,
            },
          ],
        ]),
      ),
    };
    const says = `${kind} theirs is in the output directory ${path} and has the name of a job's file`;
    expect(() => foreseeClearing(path, { suffix: ".own", sources })).toThrow(says);
    await expect(JobDirectory.take(path, sources, ".own")).rejects.toThrow(says);
    const directory = await JobDirectory.take(path, noSources);
    const clearing = { suffix: ".own", sources, ownKinds: [], warn: () => undefined };
    expect(() => earlierFiles(directory.path, clearing)).toThrow(says);
    await directory.release({ removeIfEmpty: false });
    expect(readdirSync(path)).toEqual(before);
  });
});
