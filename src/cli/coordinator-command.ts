import { Command } from "@commander-js/extra-typings";
import type { JobReport } from "../coordinator/coordinator.js";
import type { StopMessage } from "../local/supervision.js";
import { JobConsole } from "./job-console.js";
import * as options from "./options.js";
import { outputsText } from "./outputs-text.js";
import { appFrames, Exit, exitCodes, onSignals, signalExitCode } from "./program.js";

/** `mr-coordinator`, or `mr coordinator`: hands the tasks of one job out to the workers that come. */
export function coordinatorCommand(name: string, path = name) {
  return commandLine(name, path).action((names, given) => coordinate(given.supervised ? "mr run" : path, names, given));
}

function commandLine(name: string, path: string) {
  return new Command(name)
    .description("Run one job: hand out map and reduce tasks to the workers that connect, and end when all is done.")
    .argument("<inputs...>", "input files; each is one map task, or several when its app takes lines")
    .addOption(options.reducers())
    .addOption(options.socket())
    .addOption(options.outputDirectory(".", "the current directory"))
    .addOption(options.arg())
    .addOption(options.splitSize(false))
    .addOption(options.memory())
    .addOption(options.taskTimeout())
    .addOption(options.maxAttempts())
    .addOption(options.maxCrashes())
    .addOption(options.keepIntermediate())
    .addOption(options.quiet())
    .addOption(options.json())
    .addOption(options.debug())
    .addOption(options.supervised())
    .addHelpText(
      "after",
      `
The output is in mr-out-0, mr-out-1, … in the output directory. What an earlier job left there under such names is
removed when the first worker has come.

Examples:
  $ ${path} pg-*.txt                     # and beside it, as often as you like: mr-worker wc
  $ ${path} -r 3 -o counts --json *.log  # three output files in counts/, a report on standard output`,
    );
}

type Given = ReturnType<ReturnType<typeof commandLine>["opts"]>;

async function coordinate(program: string, names: readonly string[], given: Given): Promise<void> {
  const { socket, supervised = false, quiet = false, debug = false } = given;
  const [{ Coordinator }, { findInputs }, { splitBytesDefault }] = await Promise.all([
    import("../coordinator/coordinator.js"),
    import("../input/files.js"),
    import("../input/splits.js"),
  ]);
  const console = new JobConsole(program, { quiet });
  const coordinator = await Coordinator.start({
    inputs: findInputs(names),
    outputDirectory: given.outputDir,
    socket,
    reducers: given.reducers,
    splitBytes: given.splitSize ?? splitBytesDefault,
    collectorBytes: given.memory,
    args: given.arg,
    taskTimeoutMs: given.taskTimeout,
    maxAttempts: given.maxAttempts,
    maxCrashes: given.maxCrashes,
    keepIntermediate: given.keepIntermediate ?? false,
    // In one command nobody wants to know how its parts found each other.
    log: {
      info: (message) => (supervised ? undefined : console.log(message)),
      warn: (message) => console.log(message),
    },
  });
  const stopped = listenToStop((reason) => coordinator.abort(reason), supervised);
  if (!supervised) console.log(`listening at ${socket}; start workers with: mr-worker <app>`);
  console.start(() => coordinator.snapshot());

  const report = await coordinator.run();
  console.stop();
  if (given.json) process.stdout.write(`${JSON.stringify(asJson(report), null, 2)}\n`);
  if (report.snapshot.phase === "done") {
    if (!quiet) process.stderr.write(`${program}: ${await summaryOf(report)}\n`);
    return;
  }
  // Then it is the supervisor who knows what to say.
  if (stopped.by === "supervisor") throw new Exit(exitCodes.failed);
  if (stopped.by !== undefined)
    throw new Exit(signalExitCode(stopped.by), supervised ? "" : `stopped by ${stopped.by}`);
  if (report.failure !== undefined) throw failed(report.failure, debug);
}

/**
 * Calls `stop` at a signal; and when `mr run` has started this coordinator, also when that says so or is no more.
 * Returns who it was, as soon as that is known.
 */
function listenToStop(stop: (reason: string) => void, supervised: boolean): { by?: NodeJS.Signals | "supervisor" } {
  const stopped: { by?: NodeJS.Signals | "supervisor" } = {};
  const onSignal = (signal: NodeJS.Signals) => {
    stopped.by ??= signal;
    stop(`stopped by ${signal}`);
  };
  onSignals(onSignal, (signal) => process.exit(signalExitCode(signal)), supervised);
  if (supervised) {
    const onSupervisor = (reason: string) => {
      stopped.by = "supervisor";
      stop(reason);
    };
    process.on("message", ({ reason }: StopMessage) => onSupervisor(reason));
    const onDisconnect = () => onSupervisor("mr run has ended");
    process.on("disconnect", onDisconnect);
    // It may have ended before this one was listening.
    if (!process.connected) onDisconnect();
  }
  return stopped;
}

async function summaryOf({ snapshot, directory, outputs }: JobReport): Promise<string> {
  const { summary } = await import("../status/summary.js");
  return summary(snapshot, outputsText(directory, outputs));
}

function failed(failure: NonNullable<JobReport["failure"]>, debug: boolean): Exit {
  const details = debug ? failure.stack : appFrames(failure);
  return new Exit(exitCodes.failed, `the job failed: ${failure.message}`, details);
}

function asJson({ snapshot, directory, outputs }: JobReport): unknown {
  const { map, reduce, ...rest } = snapshot;
  const withNames = ({ counters, ...numbers }: typeof map) => ({ ...numbers, counters: Object.fromEntries(counters) });
  return {
    ...rest,
    elapsedMs: Math.round(rest.elapsedMs),
    map: withNames(map),
    reduce: withNames(reduce),
    directory,
    outputs,
  };
}
