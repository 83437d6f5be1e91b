import { runJobs } from "./run-jobs.js";
import { jobCommand } from "./run-options.js";
import * as inputs from "./inputs.js";
import * as options from "./options.js";

const path = "mr run";

/** `mr run`: a coordinator and its workers in one command. */
export function runCommand() {
  return jobCommand("run")
    .description("Run a job on this machine: a coordinator, and workers, which it restarts if they die.")
    .argument("<app>", "a JavaScript or TypeScript module with map and reduce, or the name of a bundled app such as wc")
    .addArgument(inputs.inputNames())
    .addOption(inputs.namedInput())
    .addOption(options.step())
    .addOption(options.acceptChangedApp())
    .addHelpText(
      "after",
      `
The output is in mr-out-0, mr-out-1, … in the output directory. It replaces the output of an earlier job when the whole
job is done; a job that fails leaves the earlier output unchanged. An app that exports steps is a pipeline: see
mr pipeline --help.

Examples:
  $ ${path} wc pg-*.txt
  $ ${path} ./my-app.ts -w 4 -r 1 -o result *.log
  $ ${path} grep --arg pattern='white whale' pg-*.txt
  $ ${path} wc --recursive logs 'old/**/*.gz'     # decompresses .gz, .zst, .xz, .bz2
  $ ${path} ./join.ts --input orders='orders/*.jsonl' --input customers=customers.csv
  $ curl -s https://example.com | ${path} wc -`,
    )
    .action((app, names, given, command) => {
      return runJobs({ path, apps: [app], isPipeline: false, step: given.step, inputs: names, given, command });
    });
}
