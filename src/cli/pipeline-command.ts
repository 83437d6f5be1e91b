import { InputError } from "../input/input-error.js";
import { runJobs } from "./run-jobs.js";
import { jobCommand } from "./run-options.js";
import * as inputs from "./inputs.js";

const path = "mr pipeline";
/** The command accepts them only to explain why it rejects them. */
const areOfOneJob: ReadonlySet<string | undefined> = new Set(["--cpu-prof", "--trace"]);

/** `mr pipeline`: several jobs; each reads the output of the previous one. */
export function pipelineCommand() {
  const command = jobCommand("pipeline");
  for (const option of command.options) if (areOfOneJob.has(option.long)) option.hideHelp();
  return (
    command
      .usage("[options] <apps...> --input <names...>")
      .description("Run several apps on this machine, each on the pairs that the previous one has produced.")
      // Optional only for the parser: if there are no apps, `--input` has probably taken them.
      .argument("[apps...]", "modules with map and reduce, or with steps; or names of bundled apps such as wc")
      .addOption(inputs.inputOption())
      .addHelpText(
        "after",
        `
Each app is a step. The first step reads files. The engine calls map of each later step with the key and value of each
pair that the previous step has produced: such an app exports input = "pairs", or no input. An app may also be a
pipeline itself, and export steps, an array of such apps: mr run runs it, too.

--partitioner, --output-format and --compress apply to the last step, --sample to the first, and -r to all steps that
do not set their own number of reduce tasks. The output directory contains the last step's output. Its subdirectories
mr-step-1, mr-step-2, … contain the reports of the other steps and, with --keep-intermediate, their outputs. When a
step fails, the command keeps the steps before it, and --resume continues at the failed step.

Examples:
  $ ${path} wc top-k --arg k=5 --input pg-*.txt
  $ ${path} ./clean.ts ./join.ts ./top.ts -o result --input 'logs/**/*.gz'`,
      )
      .action((apps, given, command) => {
        if (apps.length === 0) {
          throw new InputError("there is no app: name the apps before --input, which takes all names after it");
        }
        return runJobs({ path, apps, isPipeline: true, inputs: [], given, command });
      })
  );
}
