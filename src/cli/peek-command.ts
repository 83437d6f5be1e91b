import { writeFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { shellName } from "../input/binary-format.js";
import type { InputFile } from "../input/files.js";
import { InputError } from "../input/input-error.js";
import type { Peeked } from "../local/peek/peek.js";
import { whyNotWritable } from "../storage/directories.js";
import { findGivenInputs, inputNames, recursive } from "./inputs.js";
import { commandLineOnly } from "./option-values.js";
import * as options from "./options.js";
import { say } from "./program.js";

const path = "mr peek";
/** About how much is read of an input that can be read only once. */
const pipeBytesMax = 512 * 1024;
/** The width of a page, when the output is no terminal. */
const usualWidth = 100;

/** `mr peek`: says what a file is, and makes an app that reads it. */
export function peekCommand() {
  return commandLine().action(peek);
}

function commandLine() {
  return new Command("peek")
    .description(
      "Say what a file is: format, compression, encoding, columns and their types. Print an app that reads it.",
    )
    .addArgument(inputNames())
    .addOption(
      commandLineOnly(
        new Option("--app <file>", "write the app to a new file, .ts, .mts, .js or .mjs").argParser(appFile),
      ),
    )
    .addOption(new Option("--json", "print the description of each file, and the app, as a line of JSON"))
    .addOption(recursive())
    .addOption(options.quiet())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
Reads the beginning of each file, at most some megabytes, and a few other places of large ones; compressed files too.
Types are those of the records in the sample. The app counts the first file's records by a column with few different
values, and is a start for your own.

Examples:
  $ ${path} orders.csv
  $ ${path} orders.csv --app orders.ts && mr run orders.ts orders.csv && mr cat
  $ zstd -dc big.zst | ${path} -
  $ ${path} --json 'logs/*.gz' | jq .format`,
    );
}

type Given = ReturnType<ReturnType<typeof commandLine>["opts"]>;

async function peek(names: readonly string[], given: Given, command: CommandUnknownOpts): Promise<void> {
  const { appFor, areAlike, peekAt } = await import("../local/peek/peek.js");
  const { app: appPath, json = false } = given;
  const all = names.map((name) => ({ name }));
  const files = await findGivenInputs(all, { recursive: given.recursive, copyBytesMax: pipeBytesMax }, command);
  const peeked: Peeked[] = [];
  for (const file of files) peeked.push(await peekAt(file, isBeginning(file)));
  const [first] = peeked;
  if (first === undefined) return;
  const language = appPath !== undefined && /\.m?js$/.test(appPath) ? "javascript" : "typescript";
  const app = appFor(first, language);
  if (appPath !== undefined) {
    if (app === undefined) throw new InputError(`cannot make an app for ${first.file.name}: ${whyNoApp(first)}`);
    writeApp(appPath, app);
  }
  const next = nextCommand(
    peeked.filter((other) => areAlike(first, other)),
    appPath ?? "app.ts",
  );
  if (json) {
    const { peekJson } = await import("../local/peek/peek-json.js");
    for (const [index, one] of peeked.entries()) {
      const starter = index === 0 && app !== undefined ? { app, next } : {};
      process.stdout.write(`${JSON.stringify({ ...peekJson(one), ...starter })}\n`);
    }
    return;
  }
  const { peekText } = await import("../local/peek/peek-text.js");
  const width = process.stdout.isTTY ? process.stdout.columns : usualWidth;
  process.stdout.write(peeked.map((one) => peekText(one, width)).join("\n"));
  if (app === undefined) return;
  if (appPath === undefined) {
    process.stdout.write(
      `\nAn app that reads it, which --app app.ts writes to a file:\n\n${app.replace(/^(?=.)/gm, "    ")}`,
    );
    process.stdout.write(`\nThen run:\n\n    ${next}\n`);
  } else if (given.quiet !== true) {
    say(path, `wrote ${appPath}`);
    say(path, `run it with: ${next}`);
  }
}

/** Whether a copy of an input is only its beginning. */
function isBeginning({ isCopy, sizeBytes }: InputFile): boolean {
  return isCopy === true && sizeBytes >= pipeBytesMax;
}

/** The command that runs the app on these files. */
function nextCommand(peeked: readonly Peeked[], app: string): string {
  const names = peeked.map(({ file }) => inputName(file));
  const [converter] = peeked.flatMap(({ converter }) => converter ?? []);
  if (converter !== undefined) return `${converter} | mr run ${shellName(app)} - && mr cat`;
  return `mr run ${shellName(app)} ${names.join(" ")} && mr cat`;
}

/** Nobody can read a pipe again. */
function inputName({ name, isCopy }: InputFile): string {
  if (name === "-") return "-";
  return isCopy === true ? "INPUT" : shellName(name);
}

function whyNoApp({ format, notes }: Peeked): string {
  return format?.kind === "empty" ? "it is empty" : (notes[0] ?? "it has no records");
}

function appFile(name: string): string {
  if (/\.(?:m?ts|m?js)$/.test(name)) return name;
  throw new InvalidArgumentError("It must end in .ts, .mts, .js or .mjs.");
}

function writeApp(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      throw new InputError(`${file} already exists: choose another name with --app`);
    }
    throw new InputError(`cannot write ${file}: ${whyNotWritable(error)}`, { cause: error });
  }
}
