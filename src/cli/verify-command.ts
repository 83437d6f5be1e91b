import { Command } from "@commander-js/extra-typings";
import prettyBytes from "pretty-bytes";
import { visibleLine } from "../terminal/visible-text.js";
import * as options from "./options.js";
import { Exit, exitCodes } from "./program.js";

/** `mr verify`: checks whether the output of a job is unchanged. */
export function verifyCommand() {
  return new Command("verify")
    .description("Check the output files of a job against its manifest: all must exist, unchanged, and no others.")
    .argument("[dir]", "the output directory", "mr-output")
    .addOption(options.quiet())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
The exit code is 0 if everything is as the job left it. Otherwise the command prints one line per wrong file and exits
with code 1. The exit code is 2 if there is no output of a finished job.

Example:
  $ mr run wc -o counts pg-*.txt && mr verify counts`,
    )
    .action(async (directory, { quiet = false }) => {
      const { verifyOutputs } = await import("../output/verify.js");
      const { manifest, problems } = verifyOutputs(directory);
      if (problems.length > 0) {
        process.stdout.write(`${problems.map(visibleLine).join("\n")}\n`);
        throw new Exit(exitCodes.failed);
      }
      if (quiet) return;
      const { outputs, app, ended } = manifest;
      const records = outputs.reduce((sum, output) => sum + output.records, 0);
      const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
      const what = `${count(outputs.length, "file")}, ${count(records, "record")}, ${prettyBytes(bytes)}`;
      process.stdout.write(`${visibleLine(`${directory}: ${what}, as ${app.name} left them at ${ended}`)}\n`);
    });
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
