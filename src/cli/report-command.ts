import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, Option, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { InputError } from "../input/input-error.js";
import { failedReportName, reportName, reportPageName } from "../output/names.js";
import { isOnCommandLine, requireNotOnCommandLine } from "./giving-way.js";
import { commandLineOnly } from "./option-values.js";
import * as options from "./options.js";
import { say } from "./program.js";

const path = "mr report";

/** `mr report`: writes the status page of a finished job to one file. */
export function reportCommand() {
  return commandLine().action(report);
}

function commandLine() {
  return new Command("report")
    .description("Write the status page of a finished job to one HTML file that works offline.")
    .argument("[dir]", "the output directory of the job", "mr-output")
    .addOption(
      new Option("-o, --output <file>", `where to write it; - for standard output (default: <dir>/${reportPageName})`),
    )
    .addOption(new Option("--open", "open it in the browser"))
    .addOption(
      // In other commands, --trace adds a trace to the other output.
      commandLineOnly(
        new Option(
          "--trace <file>",
          "write a trace for https://ui.perfetto.dev or chrome://tracing instead of the page; - for standard output",
        ).conflicts(["output", "open"]),
      ),
    )
    .addOption(options.quiet())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
The page shows the data in ${reportName}, which a job writes to its output directory when it is done or fails. If the
directory holds the output of an earlier job, a failed job writes ${failedReportName} instead; this command prefers that
file until a job is done.

Examples:
  $ ${path}                            # writes mr-output/${reportPageName}
  $ ${path} counts --open              # writes counts/${reportPageName} and shows it
  $ ${path} counts -o counts.html
  $ ${path} counts --trace trace.json`,
    );
}

type Given = ReturnType<ReturnType<typeof commandLine>["opts"]>;

async function report(directory: string, given: Given, command: CommandUnknownOpts): Promise<void> {
  const [{ parseReport, reportPage }, { readStatusPage }, { writeForPerson }, { requireWritableFile }] =
    await Promise.all([
      import("../status/report-page.js"),
      import("../status/page-file.js"),
      import("../output/report.js"),
      import("../output/destination.js"),
    ]);
  const { trace } = given;
  const { file, isShown } = destinationOf(directory, given, command);
  const failed = join(directory, failedReportName);
  const hasFailed = existsSync(failed);
  const from = hasFailed ? failed : join(directory, reportName);
  if (hasFailed && given.quiet !== true) say(path, `the last job in ${directory} failed: this is its report`);
  const view = parseReport(await textOf(from));
  if (view === undefined) {
    throw new InputError(`${from} is damaged, or was written by another version: run the job again`);
  }
  const text =
    trace === undefined
      ? reportPage(readStatusPage(), view)
      : `${JSON.stringify((await import("../status/trace.js")).traceOf(view))}\n`;
  if (file === "-") {
    process.stdout.write(text);
    return;
  }
  const what = trace === undefined ? "the page" : "the trace";
  requireWritableFile(file, what, [], trace === undefined ? reportPageName : undefined);
  try {
    writeForPerson(file, text);
  } catch (error) {
    const option = trace === undefined ? "-o" : "--trace";
    const problem = `cannot write ${file}: ${(error as Error).message}; choose another one with ${option}`;
    throw new InputError(problem, { cause: error });
  }
  if (given.quiet !== true) say(path, `wrote ${file}`);
  if (!isShown) return;
  const { openInBrowser } = await import("./open-in-browser.js");
  await openInBrowser(file);
}

/** The name of the file to write, or `-`, and whether to open it afterwards. */
function destinationOf(
  directory: string,
  { output, open, trace }: Given,
  command: CommandUnknownOpts,
): { readonly file: string; readonly isShown: boolean } {
  // The parser has already rejected this combination on the command line: no browser shows a trace.
  if (trace !== undefined) return { file: trace, isShown: false };
  const page = join(directory, reportPageName);
  if (output !== "-") return { file: output ?? page, isShown: open === true };
  if (open !== true || !isOnCommandLine(command, "open")) return { file: output, isShown: false };
  requireNotOnCommandLine(command, "output", "--open needs a file, and -o - writes none");
  return { file: page, isShown: true };
}

async function textOf(file: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    const why = isMissing ? "no job of mr run or mr-coordinator has finished in that directory" : message;
    throw new InputError(`cannot read ${file}: ${why}`, { cause: error });
  }
}
