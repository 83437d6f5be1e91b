/**
 * Writes `docs/commands.md` from the commands themselves, as their `--help` has it.
 *
 *     npm run docs
 *
 * It is the same on every machine: what a default is made of is named there, not what it comes to here.
 */
import { realpathSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { format, resolveConfig } from "prettier";
import { mrProgram } from "../src/cli/commands.js";
import { OptionValues } from "../src/cli/option-values.js";
import { collectorBytesFor, mebibytes, workersDefault } from "../src/machine/budget.js";
import { runtimePath } from "../src/rpc/runtime-directory.js";

/** Where the reference is. */
export const commandReferencePath = fileURLToPath(new URL("../docs/commands.md", import.meta.url));

/** What stands in the help of this machine and of no other, and what it stands for. */
const { workers, reason } = workersDefault();
const ofThisMachine: readonly [here: string, anywhere: string][] = [
  [`${workers}, ${reason}`, "one a core"],
  ...[1, workers].map(
    (n) => [`(default: ${mebibytes(collectorBytesFor(n))})`, "(default: 256MiB)"] as [string, string],
  ),
  [runtimePath(".sock"), "/var/tmp/mr-<uid>.sock"],
];

const introduction = `# Commands

This page is made from the commands themselves: what \`mr help <command>\` shows is the same. Options can be given by
variables and in a config file, too ([configuration](configuration.md)). The programs \`mr-coordinator\` and \`mr-worker\` are
[\`mr coordinator\`](#mr-coordinator) and [\`mr worker\`](#mr-worker) under the names of the lab.

Results go to standard output, everything else to standard error. The exit code is 0 when all is done; 1 when the job has
failed, a worker has lost its coordinator, or \`mr verify\` has found that something is not as it was; 2 for wrong usage or
inputs, with which nothing is started and nothing written; and 128 + n when ended by signal n.
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
  // Adds the options that each command has.
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

/** What the command's help says below its options, examples included. */
function textBelow(command: CommandUnknownOpts): string {
  let written = "";
  command.configureOutput({ writeOut: (text) => (written += text) });
  command.outputHelp();
  const below = written.slice(command.helpInformation().length).trim();
  return below === "" ? "" : `\`\`\`\n${anywhere(below)}\n\`\`\``;
}

/** As plain text in a cell of a table: nothing in it is Markdown. */
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
