import { join } from "node:path";
import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { readableError, thrownText } from "../app/thrown.js";
import type { ReplayReport } from "../local/replay.js";
import { badRecordsName } from "../output/names.js";
import { visibleLine, visibleText } from "../terminal/visible-text.js";
import { argsToRead, outputSettings } from "../local/job-options.js";
import { packageVersion } from "../local/version.js";
import { sourcesOf } from "./giving-way.js";
import { commandLineOnly } from "./option-values.js";
import * as options from "./options.js";
import { outputsText } from "./outputs-text.js";
import { appPlace, Exit, exitCodes, indented, say } from "./program.js";
import { withStdoutAside } from "./stdout-aside.js";
import { makeOutputSynchronous } from "./synchronous-output.js";
import { warnOfDebugger } from "./warn-of-debugger.js";

const path = "mr replay-bad-records";

/** `mr replay-bad-records`: runs an app on the records that a job has skipped. */
export function replayCommand() {
  return commandLine().action(replay);
}

function commandLine() {
  return new Command("replay-bad-records")
    .description(
      "Run an app on the records that a job has skipped, in this process: to debug the app, and to recover the results.",
    )
    .argument("<app>", "the app of the job, corrected")
    .argument(
      "[file]",
      "the file of records from a job with --skip-bad-records, or the job's output directory",
      `mr-output/${badRecordsName}`,
    )
    .addOption(options.step())
    .addOption(options.reducers().default(1))
    .addOption(ownDirectory())
    .addOption(options.outputFormat())
    .addOption(options.values())
    .addOption(options.compress())
    .addOption(options.arg())
    .addOption(options.file())
    .addOption(options.memory(1))
    .addOption(options.ratePerSecond())
    .addOption(options.inspect())
    .addOption(options.quiet())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
Reports for each record whether map succeeds. Reduces the emitted pairs and writes the result to the output directory:
these are the results missing from the job's output. The result is one sorted file. With -r 2 or more, keys are
distributed by hash or by the app, even if the job had --partitioner range, because a job does not store its ranges. The
exit code is 0 if all records succeed, and 1 if some still fail.

Examples:
  $ ${path} ./my-app.ts
  $ ${path} --inspect ./my-app.ts counts      # stops in the debugger at the first record`,
    );
}

/** The directory from a config file holds the job's own output, which this command must not replace. */
function ownDirectory() {
  return commandLineOnly(options.outputDirectory("mr-replay"));
}

type Given = ReturnType<ReturnType<typeof commandLine>["opts"]>;

async function replay(typed: string, file: string, given: Given, command: CommandUnknownOpts): Promise<void> {
  makeOutputSynchronous();
  const [{ resolveApp }, { findInputs, lookAt }, { findSharedFiles }, { replayBadRecords }] = await Promise.all([
    import("../app/resolve.js"),
    import("../input/files.js"),
    import("../input/shared-files.js"),
    import("../local/replay.js"),
  ]);
  const { quiet = false, debug = false } = given;
  const app = resolveApp(typed, given.step);
  const isDirectory = lookAt(file)?.isDirectory() === true;
  const [records] = findInputs([isDirectory ? join(file, badRecordsName) : file]);
  if (records === undefined) throw new Error("the input that was found is missing");
  const files = findSharedFiles(given.file ?? []);
  warnOfDebugger(path, given.inspect);
  let current = "";
  const run = (write: (text: string) => void) => {
    const onEarlyExit = () => {
      if (!quiet && current !== "") write("failed: the process ends\n");
      const where = current === "" ? "" : ` at ${current}`;
      say(path, `the app ended the process${where} (does it call process.exit?): there is no output`);
      process.exitCode = exitCodes.failed;
    };
    process.once("exit", onEarlyExit);
    return replayBadRecords({
      app,
      records,
      reducers: given.reducers,
      output: outputSettings(given, sourcesOf(command)),
      collectorBytes: given.memory,
      outputDirectory: given.outputDir,
      args: given.arg ?? {},
      argsToRead: argsToRead(sourcesOf(command)),
      files,
      ratePerSecond: given.ratePerSecond,
      inspect: given.inspect,
      engineVersion: packageVersion(),
      warn: (message) => say(path, message),
      onBegin: (record) => {
        current = visibleLine(`${record.file}:${record.offset}`);
        // Written before map runs: map may end the process, or never return.
        if (!quiet) write(`${current} `);
      },
      onPassed: (pairs) => {
        if (!quiet) write(`ok (${pairs} ${pairs === 1 ? "pair" : "pairs"})\n`);
        current = "";
      },
      onFailed: (error) => {
        write(`${quiet ? `${current} ` : ""}${failureText(error, debug)}\n`);
        current = "";
      },
    }).finally(() => process.off("exit", onEarlyExit));
  };
  tellEnd(await withStdoutAside(run), quiet);
}

function failureText(thrown: unknown, debug: boolean): string {
  const error = readableError(thrown);
  const frames = debug && error instanceof Error ? error.stack : appPlace(error);
  return visibleText(
    `failed: ${indented(thrownText(error))}${frames === undefined || frames === "" ? "" : `\n${frames}`}`,
  );
}

function tellEnd({ passed, failed, directory, outputs, sideFiles }: ReplayReport, quiet: boolean): void {
  const place = outputsText(directory, outputs, sideFiles);
  const all = passed + failed;
  if (failed === 0) {
    if (!quiet) say(path, `${all === 1 ? "the record passes" : `all ${all} records pass`}: the output is in ${place}`);
    return;
  }
  const others = passed === 0 ? "" : `; the output of the others is in ${place}`;
  throw new Exit(
    exitCodes.failed,
    `${failed} of ${all} ${all === 1 ? "record" : "records"} ${failed === 1 ? "fails" : "fail"}${others}`,
  );
}
