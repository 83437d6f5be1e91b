import { Command } from "@commander-js/extra-typings";
import type { InProcessReport } from "../local/in-process-job.js";
import * as inputs from "./inputs.js";
import * as options from "./options.js";
import { outputsText } from "./outputs-text.js";
import { outputSettings, samplePercentOf } from "./job-options.js";
import { exitCodes, say } from "./program.js";
import { packageVersion } from "./version.js";

/** `mr sequential`: the job in one process. */
export function sequentialCommand() {
  const path = "mr sequential";
  return new Command("sequential")
    .description("Run a job in this one process, task after task: to debug an app, or to check a distributed run.")
    .argument("<app>", "a JavaScript or TypeScript module with map and reduce, or the name of a bundled app such as wc")
    .addArgument(inputs.inputNames())
    .addOption(inputs.inputsFrom())
    .addOption(inputs.recursive())
    .addOption(options.reducers())
    .addOption(options.partitioner())
    .addOption(options.outputDirectory("mr-output"))
    .addOption(options.outputFormat())
    .addOption(options.compress())
    .addOption(options.arg())
    .addOption(options.file())
    .addOption(options.splitSize(false))
    .addOption(options.sample())
    .addOption(options.memory())
    .addOption(options.quiet())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
Nothing is tried again: the first error ends the job. The output has the same bytes as that of a distributed
run with the same --split-size.

Examples:
  $ ${path} wc pg-*.txt
  $ node --inspect-brk $(command -v mr) sequential ./my-app.js one-file.txt`,
    )
    .action(async (typed, names, given) => {
      const { arg, file = [], outputDir, quiet, reducers, partitioner, splitSize, memory } = given;
      const samplePercent = samplePercentOf(given);
      const [{ resolveApp }, { findSharedFiles }, { splitBytesDefault }, { runSequentially }] = await Promise.all([
        import("../app/resolve.js"),
        import("../input/shared-files.js"),
        import("../input/splits.js"),
        import("../local/sequential.js"),
      ]);
      const startedMs = performance.now();
      const app = resolveApp(typed);
      const found = await inputs.findGivenInputs(names, given);
      const files = findSharedFiles(file);
      process.once("exit", onEarlyExit);
      const splitBytes = splitSize ?? splitBytesDefault;
      const report = await runSequentially({
        app,
        inputs: found,
        reducers,
        partitioner,
        output: outputSettings(given),
        splitBytes,
        samplePercent,
        collectorBytes: memory,
        outputDirectory: outputDir,
        args: arg ?? {},
        files,
        engineVersion: packageVersion(),
        warn: (message) => say(path, message),
      }).finally(() => process.off("exit", onEarlyExit));
      if (!quiet) say(path, await summaryOf(report, performance.now() - startedMs, samplePercent));
    });
}

/** The app runs in this process, and may end it with any exit code. */
function onEarlyExit(): void {
  say("mr sequential", "the app has ended the process (does it call process.exit?): there is no output");
  process.exitCode = exitCodes.failed;
}

async function summaryOf(
  { maps, reduces, totals, directory, outputs, sideFiles }: InProcessReport,
  elapsedMs: number,
  samplePercent: number | undefined,
): Promise<string> {
  const { summary } = await import("../status/summary.js");
  return summary(
    {
      maps: { total: maps.length },
      reduces: { total: reduces.length },
      ...totals,
      attempts: { failed: 0, crashed: 0, backup: 0, backupWon: 0, backupSavedMs: 0 },
      mapsLost: 0,
      recordsSkipped: 0,
      elapsedMs,
      samplePercent,
      advice: [],
    },
    outputsText(directory, outputs, sideFiles),
  );
}
