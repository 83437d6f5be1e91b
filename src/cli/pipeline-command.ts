import { InputError } from "../input/input-error.js";
import { runJobs } from "./run-jobs.js";
import { jobCommand } from "./run-options.js";
import * as inputs from "./inputs.js";

const path = "mr pipeline";
/** They are known, so that it can be said why they are refused. */
const areOfOneJob: ReadonlySet<string | undefined> = new Set(["--cpu-prof", "--trace"]);

/** `mr pipeline`: several jobs, each with what the one before has made for its input. */
export function pipelineCommand() {
  const command = jobCommand("pipeline");
  for (const option of command.options) if (areOfOneJob.has(option.long)) option.hideHelp();
  return (
    command
      .usage("[options] <apps...> --input <names...>")
      .description(
        "Run several apps one after the other on this machine, each on the pairs that the one before has made.",
      )
      // Optional to the parser alone: when there are none, `--input` has most likely taken them.
      .argument("[apps...]", "modules with map and reduce, or with steps; or names of bundled apps such as wc")
      .addOption(inputs.inputOption())
      .addHelpText(
        "after",
        `
Each app is a step. Its map is called with the key and the value of each pair that the step before has made, so it
exports input = "pairs", or no input; only the first one reads files. An app may also be a pipeline by itself, and
export steps, an array of such apps: mr run runs it as well.

--partitioner, --output-format and --compress are about the last step, --sample about the first, -r about all that do
not say themselves how many reduce tasks they want. The last step's output is in the output directory, the reports of
the others are in mr-step-1, mr-step-2, … in it, and with --keep-intermediate their outputs, too. When a step fails,
those before it are kept, and --resume goes on with it.

Examples:
  $ ${path} wc top-k --arg k=5 --input pg-*.txt
  $ ${path} ./clean.ts ./join.ts ./top.ts -o result --input 'logs/**/*.gz'`,
      )
      .action((apps, given, command) => {
        if (apps.length === 0) {
          throw new InputError("there is no app: name the apps before --input, which takes all the names behind it");
        }
        return runJobs({ path, apps, isPipeline: true, inputs: given.input ?? [], given, command });
      })
  );
}
