import { Command, Option } from "@commander-js/extra-typings";
import { requireNotOnCommandLine } from "./giving-way.js";
import * as options from "./options.js";
import { wholeNumber } from "./values.js";

/** So many records can be asked for, since all of them are held. */
const topMax = 1_000_000;

/** `mr cat`: the output of a job in one piece. */
export function catCommand() {
  return new Command("cat")
    .description("Write the output of a job to standard output: its files merged in the order of the keys.")
    .argument("[dir]", "the output directory", "mr-output")
    .addOption(new Option("--top <n>", "only the first n records by --by").argParser(wholeNumber(1, topMax)))
    .addOption(
      new Option("--by <what>", "with --top: the highest values first, as numbers, or the first keys")
        .choices(["value", "key"] as const)
        .default("value" as const),
    )
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
Records are written as they are in the files, uncompressed, and in the order of their keys. Text in which both keys and
values have spaces, or one has a line end, cannot be put in order, and is refused. The files of a job without reduce
tasks, and those of an app's own writer, are written one after the other.

Examples:
  $ mr cat counts | less
  $ mr cat counts --top 10`,
    )
    .action(async (directory, { top, by }, command) => {
      if (top === undefined) {
        requireNotOnCommandLine(command, "by", "--by is for --top: say how many records, as in --top 10");
      }
      const { catOutputs } = await import("../local/cat/cat-outputs.js");
      await catOutputs(directory, top === undefined ? undefined : { count: top, by });
    });
}
