import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PipelineStep } from "../../src/app/steps.js";
import { findInputs, type InputFile } from "../../src/input/files.js";
import { runPipeline, type PipelineOptions, type StepJob } from "../../src/local/pipeline.js";
import { optionsOfStep } from "../../src/local/step-options.js";
import { JobDirectory } from "../../src/output/directory.js";
import { noSources } from "../../src/output/job-files.js";
import { writeManifest } from "../../src/output/manifest.js";
import { manifestName } from "../../src/output/names.js";
import { publish } from "../../src/output/publication.js";
import { noMeasures } from "../../src/model/measures.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

function newInputs(): InputFile[] {
  const path = temporary.newPath();
  writeFileSync(path, "");
  return findInputs([path]);
}

/** A pipeline of two steps, whose jobs `run` plays. */
function pipeline(run: (job: StepJob) => void, own: Partial<PipelineOptions<StepJob>> = {}): PipelineOptions<StepJob> {
  const step = {} as PipelineStep;
  return {
    ...{ steps: [step, step], inputs: newInputs(), files: [], outputDirectory: temporary.newPath() },
    ...{ keepIntermediate: false, isResumable: true, resume: false },
    difference: () => undefined,
    run(job) {
      run(job);
      return Promise.resolve(job);
    },
    isDone: () => true,
    log: () => undefined,
    ...own,
  };
}

/** Leaves what a finished job leaves. */
function finish({ outputDirectory, inputs }: StepJob): void {
  mkdirSync(outputDirectory, { recursive: true });
  writeFileSync(join(outputDirectory, "mr-out-0.jsonl"), "");
  writeManifest(outputDirectory, "a", {
    ...{
      engineVersion: "1",
      app: { name: "app", hash: "", input: "text" },
      argsRead: [],
      args: {},
      inputs,
      files: [],
      reducers: 1,
    },
    ...{ output: {}, splitBytes: 1, badRecordsMax: 0, mapTasks: 1, badRecords: 0, elapsedMs: 1, earlierSteps: [] },
    ...{ outputs: [{ name: "mr-out-0.jsonl", records: 0, bytes: 0, checksum: 0 }] },
    ...{ map: noMeasures(), reduce: noMeasures() },
  });
  publish(outputDirectory, { jobId: "a", names: [manifestName], obsolete: [] });
}

describe("a pipeline", () => {
  it("tells each step which files it must not clear away, even those that only the first reads", async () => {
    const options = pipeline(finish);
    const jobs = (await runPipeline(options)).map(({ job }) => job);
    const settings = { reducers: 1, partitioner: "hash", output: {} } as const;
    expect(jobs.map((job) => optionsOfStep(job, settings).pipelineInputs)).toEqual([options.inputs, options.inputs]);
    expect(jobs[1]?.inputs.map(({ path }) => path)).toEqual([
      join(options.outputDirectory, "mr-step-1", "mr-out-0.jsonl"),
    ]);
  });

  it("whose directory is removed while a step runs fails with the error of that step, and leaves nothing", async () => {
    const said: string[] = [];
    const run = ({ taken }: StepJob) => {
      rmSync(taken.path, { recursive: true });
      throw new Error("the step's own");
    };
    const options = pipeline(run, { isResumable: false, log: (message) => said.push(message) });
    await expect(runPipeline(options)).rejects.toThrow("the step's own");
    expect(said).toEqual([]);
    expect(existsSync(options.outputDirectory)).toBe(false);
    await (await JobDirectory.take(options.outputDirectory, noSources)).release({ removeIfEmpty: true });
  });

  it("that cannot clear a step's files fails with the error of that step, and says so", async () => {
    const said: string[] = [];
    const outputDirectory = temporary.newDirectory();
    let theirs: Promise<JobDirectory> | undefined;
    const run = () => {
      theirs = JobDirectory.take(join(outputDirectory, "mr-step-1"), noSources);
      throw new Error("the step's own");
    };
    const options = pipeline(run, { outputDirectory, isResumable: false, log: (message) => said.push(message) });
    await expect(runPipeline(options)).rejects.toThrow("the step's own");
    expect(said).toEqual([expect.stringContaining(`files of steps are left in ${outputDirectory}: another job is`)]);
    await (await theirs)?.release({ removeIfEmpty: true });
    await (await JobDirectory.take(outputDirectory, noSources)).release({ removeIfEmpty: false });
  });
});
