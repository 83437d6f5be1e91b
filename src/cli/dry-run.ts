import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import prettyBytes from "pretty-bytes";
import { lengthOf } from "../input/splits.js";
import { planJob, type JobPlan, type PlanOptions } from "../local/job-plan.js";
import { inputText } from "../model/input-kinds.js";
import { visibleLine } from "../terminal/visible-text.js";
import { requireNotOnCommandLine } from "./giving-way.js";
import { optionValuesOf } from "./option-values.js";
import { optionTable } from "./print-config.js";
import { withStdoutAside } from "./stdout-aside.js";

interface Given {
  readonly workers: number;
  readonly json?: boolean | undefined;
}

type ShownPlan = PlanOptions & {
  /** The number of steps of the pipeline that this job begins; undefined for a single job. */
  readonly steps?: number;
};

/** `--dry-run`: describes a job on standard output, as text or as JSON. */
export async function showPlan(options: ShownPlan, given: Given, command: CommandUnknownOpts): Promise<void> {
  // A resumed job keeps its splits.
  requireNotOnCommandLine(command, "resume", "--dry-run describes a new job: leave out --resume");
  const plan = await withStdoutAside(() => planJob(options));
  process.stdout.write(
    given.json === true
      ? `${JSON.stringify(asJson(plan, options, given, command), null, 2)}\n`
      : `${asText(plan, options, given)}\n${optionTable(optionValuesOf(command)?.origins() ?? [])}`,
  );
}

function asText({ app: planned, tasks, filesToClear }: JobPlan, options: ShownPlan, given: Given): string {
  const { app, inputs, outputDirectory } = options;
  const inputBytes = inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const cleared = filesToClear === 0 ? "" : `, where ${files(filesToClear)} of an earlier job would be replaced`;
  const lines = {
    ...(options.steps === undefined ? {} : { step: `1 of ${options.steps}; the others depend on its output` }),
    app: `${app.path}, with ${planned.input === undefined ? `inputs ${inputText(planned)}` : `input "${planned.input}"`}`,
    inputs: `${files(inputs.length)}, ${prettyBytes(inputBytes)}`,
    "map tasks": `${tasks.length}${tasks.length === 0 ? "" : `, with ${sizesText(tasks)} each`}`,
    "reduce tasks": String(options.reducers),
    workers: String(given.workers),
    output: outputDirectory + cleared,
  };
  return Object.entries(lines)
    .map(([name, text]) => `${name.padEnd("reduce tasks".length)}  ${visibleLine(text)}\n`)
    .join("");
}

function files(n: number): string {
  return `${n} file${n === 1 ? "" : "s"}`;
}

function sizesText(tasks: JobPlan["tasks"]): string {
  const sizes = tasks.map((splits) => splits.reduce((sum, split) => sum + lengthOf(split), 0)).sort((a, b) => a - b);
  const [least, most] = [sizes[0] ?? 0, sizes.at(-1) ?? 0].map((bytes) => prettyBytes(bytes));
  return least === most ? String(least) : `${least} to ${most}`;
}

function asJson(plan: JobPlan, options: ShownPlan, given: Given, command: CommandUnknownOpts): unknown {
  const { name, path, hash } = options.app;
  return {
    app: { name, path, hash, input: inputText(plan.app) },
    splits: plan.tasks.flatMap((splits, mapTask) => {
      return splits.map((split) => {
        const { file, input, startBytes, endBytes } = split;
        return { mapTask, file, input, startBytes, endBytes, bytes: lengthOf(split) };
      });
    }),
    mapTasks: plan.tasks.length,
    reduceTasks: options.reducers,
    steps: options.steps,
    workers: given.workers,
    directory: options.outputDirectory,
    filesToClear: plan.filesToClear,
    options: command.opts(),
  };
}
