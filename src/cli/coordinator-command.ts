import { Command } from "@commander-js/extra-typings";
import type { JobReport } from "../coordinator/coordinator.js";
import type { StopMessage } from "../local/supervision.js";
import { JobConsole } from "./job-console.js";
import * as options from "./options.js";
import { outputsText } from "./outputs-text.js";
import { appFrames, Exit, exitCodes, onSignals, signalExitCode } from "./program.js";

/** `mr-coordinator`, or `mr coordinator`: hands the tasks of one job out to the workers that come. */
export function coordinatorCommand(name: string, path = name) {
  return new Command(name)
    .description("Run one job: hand out map and reduce tasks to the workers that connect, and end when all is done.")
    .argument("<inputs...>", "input files; each is one map task")
    .addOption(options.reducers())
    .addOption(options.socket())
    .addOption(options.outputDirectory(".", "the current directory"))
    .addOption(options.arg())
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
    )
    .action(async (names, { arg, outputDir, taskTimeout, supervised, quiet, json, debug, ...rest }) => {
      const program = supervised ? "mr run" : path;
      const console = new JobConsole(program, { quiet });
      const log = supervised ? { info: () => undefined, warn: (message: string) => console.warn(message) } : console;
      const [{ Coordinator }, { findInputs }] = await Promise.all([
        import("../coordinator/coordinator.js"),
        import("../input/files.js"),
      ]);
      const inputs = findInputs(names);
      const settings = { ...rest, outputDirectory: outputDir, args: arg, taskTimeoutMs: taskTimeout };
      const coordinator = await Coordinator.start({ ...settings, inputs, log });
      log.info(`listening at ${settings.socket}; start workers with: mr-worker <app>`);
      console.start(() => coordinator.snapshot());

      const stopped: { by?: NodeJS.Signals | "supervisor" } = {};
      onSignals(
        (signal) => {
          stopped.by = signal;
          coordinator.abort(`stopped by ${signal}`);
        },
        (signal) => process.exit(signalExitCode(signal)),
      );
      if (supervised) {
        obeySupervisor((reason) => {
          stopped.by = "supervisor";
          coordinator.abort(reason);
        });
      }

      const report = await coordinator.run();
      console.stop();
      if (json) process.stdout.write(`${JSON.stringify(asJson(report), null, 2)}\n`);
      // Then it is the supervisor who knows what to say.
      if (stopped.by === "supervisor") throw new Exit(exitCodes.failed);
      if (stopped.by !== undefined) throw new Exit(signalExitCode(stopped.by), `stopped by ${stopped.by}`);
      if (report.failure !== undefined) throw failed(program, report.failure, debug);
      if (!quiet) process.stderr.write(`${program}: ${await summaryOf(report)}\n`);
    });
}

/** A coordinator that `mr run` has started ends when it is told to, and when `mr run` itself is no more. */
function obeySupervisor(stop: (reason: string) => void): void {
  process.on("message", ({ reason }: StopMessage) => stop(reason));
  process.on("disconnect", () => stop("mr run has ended"));
}

async function summaryOf({ snapshot, directory, outputs }: JobReport): Promise<string> {
  const { summary } = await import("../status/summary.js");
  return summary(snapshot, outputsText(directory, outputs));
}

function failed(program: string, failure: NonNullable<JobReport["failure"]>, debug: boolean): Exit {
  const details = debug ? failure.stack : appFrames(failure);
  return new Exit(exitCodes.failed, `the job failed: ${failure.message}`, details, program);
}

function asJson({ snapshot, directory, outputs }: JobReport): unknown {
  const { map, reduce, ...rest } = snapshot;
  const withNames = ({ counters, ...numbers }: typeof map) => ({ ...numbers, counters: Object.fromEntries(counters) });
  return { ...rest, map: withNames(map), reduce: withNames(reduce), directory, outputs };
}
