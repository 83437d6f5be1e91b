/**
 * Writes `docs/commands.md` from the `--help` of the commands.
 *
 *     npm run docs
 *
 * The page is the same on every machine: it describes defaults that depend on the machine, without their values.
 */
import { realpathSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { format, resolveConfig } from "prettier";
import { mrProgram } from "../src/cli/commands.js";
import { OptionValues } from "../src/cli/option-values.js";
import { collectorBytesFor, mebibytes, workersDefault } from "../src/machine/budget.js";
import { runtimePath } from "../src/machine/runtime-directory.js";

/** The path of the reference. */
export const commandReferencePath = fileURLToPath(new URL("../docs/commands.md", import.meta.url));

/** Text that differs between machines, and its replacement. */
const { workers, reason } = workersDefault();
const ofThisMachine: readonly [here: string, anywhere: string][] = [
  [`${workers}, ${reason}`, "one per core"],
  ...[1, workers].map(
    (n) => [`(default: ${mebibytes(collectorBytesFor(n))})`, "(default: 256MiB)"] as [string, string],
  ),
  [runtimePath(".sock"), "/var/tmp/mr-<uid>.sock"],
];

const introduction = `# Commands

This page is generated from the commands: \`mr help <command>\` prints the same text. You can also set options with
variables and in a config file ([configuration](configuration.md)). The programs \`mr-coordinator\` and \`mr-worker\`, named
as in the lab, are the same as [\`mr coordinator\`](#mr-coordinator) and [\`mr worker\`](#mr-worker).

Results go to standard output, everything else to standard error. The exit code is 0 for success; 1 if the job failed, a
worker lost its coordinator, or \`mr verify\` found a difference; 2 for wrong usage or inputs, in which case the command
starts and writes nothing; and 128 + n if signal n ended the command.
`;

/** The reference as Markdown. */
export async function commandReference(): Promise<string> {
  const program = mrProgram();
  const contents = program.commands.map((command) => {
    const name = `${program.name()} ${command.name()}`;
    return `| [\`${name}\`](#${name.replace(" ", "-")}) | ${inCell(command.description())} |`;
  });
  const table = `| command | what it does |\n| --- | --- |\n${contents.join("\n")}\n`;
  const text = [introduction, table, ...program.commands.map(section)].join("\n");
  const config = await resolveConfig(commandReferencePath);
  return format(text, { ...config, parser: "markdown" });
}

function section(command: CommandUnknownOpts): string {
  // Adds the options that every command has.
  new OptionValues(command);
  const help = command.createHelp();
  const args = help.visibleArguments(command).map((argument) => {
    return [argument.name(), help.argumentDescription(argument)];
  });
  const options = help.visibleOptions(command).map((option) => [option.flags, help.optionDescription(option)]);
  const parts = [
    `## ${command.parent?.name()} ${command.name()}`,
    command.description(),
    `\`\`\`\n${help.commandUsage(command)}\n\`\`\``,
    tableOf("argument", args),
    tableOf("option", options),
    textBelow(command),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function tableOf(what: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map(
    ([name = "", description = ""]) => `| \`${name.replaceAll("|", "\\|")}\` | ${inCell(description)} |`,
  );
  return `| ${what} | |\n| --- | --- |\n${lines.join("\n")}`;
}

/** The command's help below its options, including examples. */
function textBelow(command: CommandUnknownOpts): string {
  let written = "";
  command.configureOutput({ writeOut: (text) => (written += text) });
  command.outputHelp();
  const below = written.slice(command.helpInformation().length).trim();
  return below === "" ? "" : `\`\`\`\n${anywhere(below)}\n\`\`\``;
}

/** Escapes plain text for a table cell, so that nothing in it acts as Markdown. */
function inCell(text: string): string {
  return anywhere(text).replace(/[\\|*_<>`[\]]/g, "\\$&");
}

function anywhere(text: string): string {
  return ofThisMachine.reduce((result, [here, general]) => result.replaceAll(here, general), text);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(commandReferencePath, await commandReference());
  console.log(`${relative("", commandReferencePath)} is written`);
}
