import { existsSync } from "node:fs";
import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { InputError } from "../input/input-error.js";
import { jobOptions } from "../local/job-options.js";
import { JobConsole } from "./job-console.js";
import { sourcesOf } from "./giving-way.js";
import { tellEnd } from "./job-report.js";
import * as inputs from "./inputs.js";
import { requireWritableFile } from "../output/destination.js";
import * as options from "./options.js";
import { Exit, exitCodes, onSignals } from "./program.js";
import { startStatusPage } from "./status-page.js";
import { writeTrace } from "./trace-file.js";

/** `mr-coordinator`, or `mr coordinator`: assigns the tasks of one job to the workers that connect. */
export function coordinatorCommand(name: string, path = name) {
  return commandLine(name, path).action((names, given, command) => coordinate(path, names, given, command));
}

function commandLine(name: string, path: string) {
  return new Command(name)
    .description("Run one job: assign map and reduce tasks to the workers that connect, and exit when all are done.")
    .addArgument(inputs.inputNames())
    .addOption(inputs.namedInput())
    .addOption(inputs.inputsFrom())
    .addOption(inputs.inputsFrom0())
    .addOption(inputs.recursive())
    .addOption(options.reducers())
    .addOption(options.partitioner())
    .addOption(options.socket())
    .addOption(options.outputDirectory(".", "the current directory"))
    .addOption(options.outputFormat())
    .addOption(options.values())
    .addOption(options.compress())
    .addOption(options.arg())
    .addOption(options.file())
    .addOption(options.splitSize(false))
    .addOption(options.sample())
    .addOption(options.memory())
    .addOption(options.taskTimeout())
    .addOption(options.attemptTimeout())
    .addOption(options.mapConcurrency())
    .addOption(options.ratePerSecond())
    .addOption(options.backupTasks())
    .addOption(options.maxAttempts())
    .addOption(options.maxCrashes())
    .addOption(options.skipBadRecords())
    .addOption(options.keepIntermediate())
    .addOption(options.resume())
    .addOption(options.acceptChangedApp())
    .addOption(options.drainTimeout())
    .addOption(options.statusPort())
    .addOption(options.statusHost())
    .addOption(options.trace())
    .addOption(options.quiet())
    .addOption(options.json())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
When the job is done, the output is in mr-out-0, mr-out-1, … in the output directory. Until then, the output of an
earlier job stays there.

Examples:
  $ ${path} pg-*.txt                     # and beside it, as often as you like: mr-worker wc
  $ ${path} -r 3 -o counts --json *.log  # three output files in counts/, a report on standard output`,
    );
}

/** A user may type an app before the inputs, as for `mr run`: the message says where it belongs. */
async function withPlaceOfApp(error: unknown, name = ""): Promise<unknown> {
  const { isBundledApp } = await import("../app/resolve.js");
  if (!(error instanceof InputError) || !isBundledApp(name) || existsSync(name)) return error;
  return new InputError(`${error.message}; give the app to the workers: mr-worker ${name}`, { cause: error });
}

type Given = ReturnType<ReturnType<typeof commandLine>["opts"]>;

async function coordinate(
  program: string,
  names: readonly string[],
  given: Given,
  command: CommandUnknownOpts,
): Promise<void> {
  const { socket, quiet = false } = given;
  const [{ Coordinator }, { splitBytesDefault }] = await Promise.all([
    import("../coordinator/coordinator.js"),
    import("../input/splits.js"),
  ]);
  const all = inputs.givenNames(names, given, command);
  const files = await inputs.findGivenInputs(all, given, command).catch(async (error: unknown) => {
    throw await withPlaceOfApp(error, names[0]);
  });
  if (given.trace !== undefined) requireWritableFile(given.trace, "the trace", files);
  const console = new JobConsole(program, { quiet });
  const log = (message: string) => console.log(message);
  const statusPage = await startStatusPage(program, given);
  const coordinator = await Coordinator.start({
    ...jobOptions(files, given, sourcesOf(command), splitBytesDefault),
    app: undefined,
    socket,
    log: { info: log, warn: log, warnOfData: (message) => console.warnOfData(message) },
  });
  statusPage?.show(() => coordinator.view());
  let stoppedBy: NodeJS.Signals | undefined;
  onSignals(
    (signal) => {
      stoppedBy = signal;
      if (signal === "SIGTERM") coordinator.drain(`stopped by ${signal}`, given.drainTimeout);
      else coordinator.abort(`stopped by ${signal}`);
    },
    (signal) => {
      coordinator.abort(`stopped by ${signal}`);
      coordinator.hurry();
    },
  );
  console.log(`listening at ${socket}; start workers with: mr-worker <app>`);
  console.start(() => coordinator.snapshot());
  const report = await coordinator.run();
  await statusPage?.close(report.view);
  console.stop();
  const isTraced = await writeTrace(program, given.trace, report.view);
  await tellEnd(program, { report, stoppedBy }, given);
  if (!isTraced) throw new Exit(exitCodes.failed);
}
