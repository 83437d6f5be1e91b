import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JobDirectory } from "../../src/output/directory.js";
import { noSources } from "../../src/output/job-files.js";
import {
  findManifest,
  readManifest,
  requireStillThere,
  writeManifest,
  type JobFacts,
  type Manifest,
} from "../../src/output/manifest.js";
import { manifestName, publicationName, stagedName } from "../../src/output/names.js";
import { completePublication, publish, type Rename } from "../../src/output/publication.js";
import { noMeasures } from "../../src/model/measures.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();
const jobId = "0a1b2c3d";

const facts: JobFacts = {
  engineVersion: "1",
  app: { name: "wc", hash: "ab", input: "text" },
  ...{
    args: {},
    argsRead: [],
    inputs: [],
    files: [],
    reducers: 0,
    output: {},
    splitBytes: 1,
    badRecordsMax: 0,
    mapTasks: 0,
  },
  ...{ outputs: [], badRecords: 0, map: noMeasures(), reduce: noMeasures(), elapsedMs: 1, earlierSteps: [] },
};

type Files = Readonly<Record<string, string>>;

/** A directory in which an earlier job left the first files, and a later one is about to publish the second. */
function prepare(old: Files, fresh: Files): string {
  const directory = temporary.newDirectory();
  for (const [name, text] of Object.entries(old)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  for (const [name, text] of Object.entries(fresh)) writeFileSync(join(directory, stagedName(jobId, name)), text);
  return directory;
}

function contents(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      // An empty directory would be left over.
      return [relative(directory, path), entry.isDirectory() ? readdirSync(path).length : readFileSync(path, "utf8")];
    }),
  ) as Record<string, string>;
}

/** Without files that only the next job needs. */
function visible(directory: string): Record<string, string> {
  return Object.fromEntries(Object.entries(contents(directory)).filter(([name]) => !name.startsWith(".")));
}

function whatToPublish(old: Files, fresh: Files) {
  return { jobId, names: Object.keys(fresh), obsolete: Object.keys(old) };
}

/**
 * Renames this many files and then no more, like a killed process; or fails at only this one, like a transient disk
 * error.
 */
function failingAfter(renames: number, { once }: { readonly once: boolean }): Rename {
  let count = 0;
  return (from, to) => {
    count += 1;
    if (once ? count === renames + 1 : count > renames) throw new Error("it fails here");
    renameSync(from, to);
  };
}

/** The result of `contents` for these files. */
function withDirectories(files: Files): Record<string, string | number> {
  const named = Object.keys(files).flatMap((name) => (name.includes("/") ? [dirname(name)] : []));
  const counts = Object.fromEntries(named.map((own) => [own, named.filter((other) => other === own).length]));
  return { ...files, ...counts };
}

const outputs = (count: number, text: string): Files => {
  const names = Array.from({ length: count }, (_, index) => `mr-out-${index}`);
  return Object.fromEntries(names.map((name) => [name, `${text} ${name}`]));
};
const namedOutputs = ["a=1/part-0", "a=1/part-1", "a=2/part-0.csv"];
/** A manifest and the outputs of a job, and perhaps other files. */
const job = (text: string) =>
  fc
    .tuple(
      fc.nat(4),
      fc.subarray(["mr-report.json", "mr-side-map-0-a", "mr-bad-records.jsonl", "mr-out-0.xml", ...namedOutputs]),
    )
    .map(([count, others]) => ({
      ...outputs(count, text),
      ...Object.fromEntries(others.map((name) => [name, `${text} ${name}`])),
      [manifestName]: `${text} manifest`,
    }));

describe("publishing the output of a job", () => {
  it("replaces the old one, and leaves nothing else", () => {
    fc.assert(
      fc.property(fc.option(job("old"), { nil: {} }), job("new"), (old, fresh) => {
        const directory = prepare(old, fresh);
        publish(directory, whatToPublish(old, fresh));
        expect(contents(directory)).toEqual(withDirectories(fresh));
      }),
      { numRuns: 20 },
    );
  });

  it("changes nothing at all when any one of its renames fails", () => {
    fc.assert(
      fc.property(job("old"), job("new"), fc.nat(15), (old, fresh, renames) => {
        const directory = prepare(old, fresh);
        const before = contents(directory);
        try {
          publish(directory, whatToPublish(old, fresh), { rename: failingAfter(renames, { once: true }) });
        } catch (error) {
          expect((error as Error).message).toBe("it fails here");
          expect(contents(directory)).toEqual(before);
          return;
        }
        expect(contents(directory)).toEqual(withDirectories(fresh));
      }),
      { numRuns: 50 },
    );
  });

  it("is completed or undone by the next job, wherever and however often the process was killed", () => {
    fc.assert(
      fc.property(job("old"), job("new"), fc.array(fc.nat(12), { maxLength: 3 }), (old, fresh, kills) => {
        const directory = prepare(old, fresh);
        const [first = 99, ...later] = kills;
        const before = contents(directory);
        try {
          publish(directory, whatToPublish(old, fresh), { rename: failingAfter(first, { once: false }) });
        } catch {
          if (first === 0) {
            // Nothing was done that had to be undone.
            expect(contents(directory)).toEqual(before);
            return;
          }
          // The note keeps readers from taking a mixture of two outputs for one.
          expect(readdirSync(directory)).toContain(publicationName);
        }
        for (const renames of later) {
          try {
            completePublication(directory, failingAfter(renames, { once: false }));
          } catch {
            // Killed again.
          }
        }
        completePublication(directory);
        expect(contents(directory)).toEqual(withDirectories(fresh));
      }),
      { numRuns: 60 },
    );
  });

  it("fails, and changes nothing, where a file has the name of a directory that it needs", () => {
    const fresh = { "a=1/part-0": "new", [manifestName]: "manifest" };
    const directory = prepare({ "a=1": "mine" }, fresh);
    const before = contents(directory);
    expect(() => publish(directory, whatToPublish({}, fresh))).toThrow("a=1 is not a directory; move it away");
    expect(contents(directory)).toEqual(before);
  });

  it("leaves a file of the user in the directory of an old output", () => {
    const old = { "a=1/part-0": "old", [manifestName]: "old" };
    const fresh = { "mr-out-0": "new", [manifestName]: "new" };
    const directory = prepare({ ...old, "a=1/notes": "mine" }, fresh);
    publish(directory, whatToPublish(old, fresh));
    expect(contents(directory)).toEqual({ ...fresh, "a=1": 1, "a=1/notes": "mine" });
  });

  it("never leaves a manifest beside another job's files, even for a moment", () => {
    const [old, fresh] = [
      { ...outputs(3, "old"), [manifestName]: "old manifest" },
      { ...outputs(2, "new"), [manifestName]: "new manifest" },
    ];
    const directory = prepare(old, fresh);
    const seen: Record<string, string>[] = [];
    const rename: Rename = (from, to) => {
      renameSync(from, to);
      seen.push(visible(directory));
    };
    publish(directory, whatToPublish(old, fresh), { rename });
    const withManifest = seen.filter((files) => manifestName in files);
    expect(withManifest).toEqual([fresh]);
  });

  it("does not touch files that already have their names because the job published them before", () => {
    const fresh = { ...outputs(2, "new"), [manifestName]: "new manifest" };
    const directory = prepare(
      { "mr-out-0": "new mr-out-0" },
      { "mr-out-1": "new mr-out-1", [manifestName]: "new manifest" },
    );
    publish(directory, whatToPublish({}, fresh), { isRepeated: true });
    expect(contents(directory)).toEqual(withDirectories(fresh));
  });

  it("is refused when a staged file is missing, whether or not an old file has its name", () => {
    const old = { ...outputs(2, "old"), [manifestName]: "old manifest" };
    const fresh = { ...outputs(3, "new"), [manifestName]: "new manifest" };
    for (const [gone, isRepeated] of [
      ["mr-out-1", false],
      ["mr-out-2", false],
      ["mr-out-2", true],
      [manifestName, false],
    ] as const) {
      const directory = prepare(old, fresh);
      rmSync(join(directory, stagedName(jobId, gone)));
      const before = contents(directory);
      expect(() => publish(directory, whatToPublish(old, fresh), { isRepeated })).toThrow(
        `${join(directory, stagedName(jobId, gone))} was removed while the job ran; run the job again`,
      );
      expect(contents(directory)).toEqual(before);
    }
  });

  it("is refused when a directory has one of the names", () => {
    const fresh = { ...outputs(2, "new"), [manifestName]: "new manifest" };
    const directory = prepare({}, fresh);
    mkdirSync(join(directory, "mr-out-1"));
    const before = readdirSync(directory);
    expect(() => publish(directory, whatToPublish({}, fresh))).toThrow(
      `${join(directory, "mr-out-1")} is a directory; move it away, or choose another --output-dir`,
    );
    expect(readdirSync(directory)).toEqual(before);
  });
});

describe("an output that is read", () => {
  it("is distinguished from one that has replaced it meanwhile", () => {
    const manifestOf = (job: string) => ({ job, ended: "2026-01-01T00:00:00.000Z" }) as Manifest;
    const directory = temporary.newDirectory();
    for (const jobId of ["a", "b"]) {
      writeManifest(directory, jobId, facts);
      publish(directory, { jobId, names: [manifestName], obsolete: [] });
      const read = readManifest(directory);
      requireStillThere(directory, read);
      expect(() => requireStillThere(directory, manifestOf(jobId))).toThrow("was replaced while it was read");
      expect(() => requireStillThere(directory, { ...read, job: "c" })).toThrow("run the same command again");
    }
  });
});

describe("a directory in which a job was killed while it published its output", () => {
  function killedThere(): { directory: string; fresh: Files } {
    const old = { ...outputs(3, "old"), [manifestName]: "old manifest" };
    const fresh = { ...outputs(2, "new"), [manifestName]: "new manifest" };
    const directory = prepare(old, fresh);
    expect(() => publish(directory, whatToPublish(old, fresh), { rename: failingAfter(5, { once: false }) })).toThrow();
    return { directory, fresh };
  }

  it("has no output for readers, with an error that says why", () => {
    const { directory } = killedThere();
    expect(() => readManifest(directory)).toThrow(/is being replaced, or the job that did so was killed.*--resume/);
    expect(findManifest(directory)).toBeUndefined();
  });

  it("is completed by the next job that locks it", async () => {
    const { directory, fresh } = killedThere();
    const taken = await JobDirectory.take(directory, noSources);
    expect(contents(directory)).toEqual(withDirectories(fresh));
    await taken.release({ removeIfEmpty: false });
  });

  it("keeps all files when the job is alive but can neither complete nor undo the publication", async () => {
    const fresh = { ...outputs(2, "new"), [manifestName]: "new manifest" };
    const directory = prepare({}, fresh);
    const taken = await JobDirectory.take(directory, noSources);
    expect(() => publish(directory, whatToPublish({}, fresh), { rename: failingAfter(1, { once: false }) })).toThrow();
    taken.clearUnpublished(jobId);
    await taken.release({ removeIfEmpty: false });
    await (await JobDirectory.take(directory, noSources)).release({ removeIfEmpty: false });
    expect(contents(directory)).toEqual(withDirectories(fresh));
  });

  it.each(["", "{", '{"publication":2}', '{"publication":1,"jobId":"a","names":["../x"],"obsolete":[]}'])(
    "is not touched when its note is %j, and is free for others afterwards",
    async (note) => {
      const { directory } = killedThere();
      writeFileSync(join(directory, publicationName), note);
      const before = contents(directory);
      for (let tries = 0; tries < 2; tries += 1) {
        await expect(JobDirectory.take(directory, noSources)).rejects.toThrow(
          `${join(directory, publicationName)} is damaged`,
        );
      }
      expect(contents(directory)).toEqual(before);
    },
  );
});
