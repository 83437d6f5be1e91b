import { appDifference, differences } from "../coordinator/journal/differences.js";
import type { JobInputs } from "../coordinator/journal/records.js";
import { inputsOf } from "../coordinator/job.js";
import type { CoordinatorOptions } from "../coordinator/options.js";
import { inputOf } from "../input/files.js";
import type { Manifest } from "../output/manifest.js";

/** Says how a finished job differs from a planned one; undefined when its output can be used for it. */
export function differenceFromDone(
  done: Manifest,
  now: Omit<CoordinatorOptions, "socket" | "log">,
): string | undefined {
  const inputs = inputsOf(now);
  const wanted = {
    ...inputs,
    args: inputs.args ?? {},
    inputs: inputs.inputs.map(dated),
    files: inputs.files.map(dated),
  };
  return appDifference(done.app, now.app) ?? differences(inputsOfDone(done), wanted) ?? skipped(done, now);
}

function inputsOfDone({ inputs, files = [], args, options }: Manifest): JobInputs {
  const { reducers, partitioner = "hash", outputFormat, values, compress, splitBytes, samplePercent } = options;
  return {
    inputs: inputs.map((file) => ({ ...fileOf(file), ...inputOf(file) })),
    files: files.map(fileOf),
    args,
    reducers,
    partitioner,
    output: {
      ...(outputFormat === "app" ? {} : { format: outputFormat }),
      ...(values === undefined ? {} : { values }),
      ...(compress === "gz" ? { compress } : {}),
    },
    ...(splitBytes === undefined ? {} : { splitBytes }),
    ...(samplePercent === undefined ? {} : { samplePercent }),
  };
}

function fileOf({ name, path, bytes, modified }: Manifest["inputs"][number]): JobInputs["files"][number] {
  return { name, path, sizeBytes: bytes, modifiedMs: modified === undefined ? NaN : Date.parse(modified) };
}

/** A manifest has times in whole milliseconds. */
function dated<File extends { readonly modifiedMs: number }>(file: File): File {
  return { ...file, modifiedMs: Math.trunc(file.modifiedMs) };
}

function skipped({ badRecords }: Manifest, { badRecordsMax }: Pick<CoordinatorOptions, "badRecordsMax">) {
  if (badRecords <= badRecordsMax) return undefined;
  return `it skipped ${badRecords} bad records, but --skip-bad-records is ${badRecordsMax}`;
}
