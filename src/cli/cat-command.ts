import { Command, Option } from "@commander-js/extra-typings";
import { wholeNumber } from "../local/option-parsers.js";
import { requireNotOnCommandLine } from "./giving-way.js";
import * as options from "./options.js";

/** The command holds this many records in memory. */
const topMax = 1_000_000;

/** `mr cat`: writes the whole output of a job to standard output. */
export function catCommand() {
  return new Command("cat")
    .description("Write the output of a job to standard output: its files merged in the order of the keys.")
    .argument("[dir]", "the output directory", "mr-output")
    .addOption(new Option("--top <n>", "print only the first n records by --by").argParser(wholeNumber(1, topMax)))
    .addOption(
      new Option("--by <what>", "with --top: highest values first, compared as numbers, or first keys")
        .choices(["value", "key"] as const)
        .default("value" as const),
    )
    .addOption(
      new Option(
        "--format <format>",
        "write the records as a table, markdown, json or csv, or raw, as they are in the files",
      )
        .choices(["table", "markdown", "json", "csv", "raw"] as const)
        .default(undefined, "raw; on a terminal table, unless the output is text"),
    )
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
Prints the records uncompressed, in the order of their keys, and otherwise unchanged unless --format says so. Rejects text output in which keys
and values both contain spaces, or either contains a line ending, because their order cannot be determined. Prints the
files of a job without reduce tasks, or of an app's own writer, one after the other.

Examples:
  $ mr cat counts | less
  $ mr cat counts --top 10
  $ mr cat counts --format json | jq .`,
    )
    .action(async (directory, { top, by, format }, command) => {
      if (top === undefined) {
        requireNotOnCommandLine(command, "by", "--by needs --top: give a number of records, as in --top 10");
      }
      const { catOutputs } = await import("../local/cat/cat-outputs.js");
      await catOutputs(directory, {
        top: top === undefined ? undefined : { count: top, by },
        ...(format === undefined
          ? { format: process.stdout.isTTY ? "table" : undefined, isDefault: true }
          : { format: format === "raw" ? undefined : format }),
      });
    });
}
