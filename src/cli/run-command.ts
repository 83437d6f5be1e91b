import { Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { JobConsole } from "./job-console.js";
import { jobOptions } from "./job-options.js";
import { tellEnd, withWhatIsLeft } from "./job-report.js";
import * as inputs from "./inputs.js";
import * as options from "./options.js";
import { Exit, exitCodes, onSignals } from "./program.js";
import { startStatusPage } from "./status-page.js";

const path = "mr run";

/** `mr run`: a coordinator and its workers in one command. */
export function runCommand() {
  return commandLine().action(runJob);
}

function commandLine() {
  return new Command("run")
    .description("Run a job on this machine: a coordinator, and workers that are started anew when they die.")
    .argument("<app>", "a JavaScript or TypeScript module with map and reduce, or the name of a bundled app such as wc")
    .addArgument(inputs.inputNames())
    .addOption(inputs.inputsFrom())
    .addOption(inputs.recursive())
    .addOption(options.workers())
    .addOption(options.reducers())
    .addOption(options.partitioner())
    .addOption(options.outputDirectory("mr-output"))
    .addOption(options.outputFormat())
    .addOption(options.compress())
    .addOption(options.arg())
    .addOption(options.file())
    .addOption(options.splitSize(true))
    .addOption(options.sample())
    .addOption(options.memory())
    .addOption(options.taskTimeout())
    .addOption(options.attemptTimeout())
    .addOption(options.backupTasks())
    .addOption(options.maxAttempts())
    .addOption(options.maxCrashes())
    .addOption(options.skipBadRecords())
    .addOption(options.keepIntermediate())
    .addOption(options.resume())
    .addOption(options.dryRun())
    .addOption(options.drainTimeout())
    .addOption(options.statusPort())
    .addOption(options.statusHost())
    .addOption(options.quiet())
    .addOption(options.json())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
The output is in mr-out-0, mr-out-1, … in the output directory, and replaces that of an earlier job there.

Examples:
  $ ${path} wc pg-*.txt
  $ ${path} ./my-app.ts -w 4 -r 1 -o result *.log
  $ ${path} grep --arg pattern='white whale' pg-*.txt
  $ ${path} wc --recursive logs 'old/**/*.gz'     # .gz and .zst are decompressed on the way
  $ curl -s https://example.com | ${path} wc -`,
    );
}

type Given = ReturnType<ReturnType<typeof commandLine>["opts"]>;

async function runJob(
  typed: string,
  names: readonly string[],
  given: Given,
  command: CommandUnknownOpts,
): Promise<void> {
  const [{ resolveApp }, { splitBytesFor }, { runCluster }] = await Promise.all([
    import("../app/resolve.js"),
    import("../input/splits.js"),
    import("../local/run.js"),
  ]);
  const app = resolveApp(typed);
  // Until standard input has ended, a signal ends this process as it ends any other.
  const files = await inputs.findGivenInputs(names, given);
  const console = new JobConsole(path, { quiet: given.quiet ?? false });
  const stop = new AbortController();
  const drain = new AbortController();
  const kill = new AbortController();
  let stoppedBy: NodeJS.Signals | undefined;
  onSignals(
    (signal) => {
      stoppedBy = signal;
      (signal === "SIGTERM" ? drain : stop).abort(`stopped by ${signal}`);
    },
    (signal) => {
      stop.abort(`stopped by ${signal}`);
      kill.abort();
    },
  );
  const job = jobOptions(files, given, splitBytesFor(files, given.workers));
  if (given.dryRun === true) {
    const { showPlan } = await import("./dry-run.js");
    await showPlan({ ...job, app }, given, command);
    return;
  }
  const log = (message: string) => console.log(message);
  const statusPage = await startStatusPage(given, log);
  const { report: end, poolFailure } = await runCluster({
    app,
    workers: given.workers,
    job: {
      ...job,
      app,
      // In one command nobody wants to know how its parts found each other.
      log: { info: () => undefined, warn: log },
    },
    stop: stop.signal,
    drain: drain.signal,
    drainTimeoutMs: given.drainTimeout,
    kill: kill.signal,
    onStarted: (coordinator) => {
      console.start(() => coordinator.snapshot());
      statusPage?.show(() => coordinator.view());
    },
  });
  await statusPage?.close(end.view);
  console.stop();
  const report = inputs.resumable(end, files);
  if (poolFailure !== undefined && stoppedBy === undefined) {
    const code = poolFailure.isUsersMistake ? exitCodes.usage : exitCodes.failed;
    throw new Exit(code, withWhatIsLeft(poolFailure.message, report));
  }
  await tellEnd(path, report, stoppedBy, given);
}
