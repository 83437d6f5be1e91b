import { Command } from "@commander-js/extra-typings";
import type { InProcessReport } from "../local/in-process-job.js";
import type { AttemptResult } from "../worker/task-context.js";
import * as inputs from "./inputs.js";
import * as options from "./options.js";
import { outputsText } from "./outputs-text.js";
import { exitCodes, say } from "./program.js";

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
      const { arg, file = [], outputDir, quiet, reducers, partitioner, splitSize, sample, memory } = given;
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
      const sizes = { reducers, partitioner, splitBytes, samplePercent: sample, collectorBytes: memory };
      const settings = { app, inputs: found, ...sizes, outputDirectory: outputDir, args: arg ?? {}, files };
      const report = await runSequentially(settings).finally(() => process.off("exit", onEarlyExit));
      if (!quiet) say(path, await summaryOf(report, performance.now() - startedMs, sample));
    });
}

/** The app runs in this process, and may end it with any exit code. */
function onEarlyExit(): void {
  say("mr sequential", "the app has ended the process (does it call process.exit?): there is no output");
  process.exitCode = exitCodes.failed;
}

async function summaryOf(
  report: InProcessReport,
  elapsedMs: number,
  samplePercent: number | undefined,
): Promise<string> {
  const { maps, reduces, directory, outputs, sideFiles } = report;
  const { summary } = await import("../status/summary.js");
  return summary(
    {
      maps: { total: maps.length },
      reduces: { total: reduces.length },
      map: sum(maps),
      reduce: sum(reduces),
      attempts: { failed: 0, crashed: 0, backup: 0, backupWon: 0, backupSavedMs: 0 },
      mapsLost: 0,
      recordsSkipped: 0,
      elapsedMs,
      samplePercent,
    },
    outputsText(directory, outputs, sideFiles),
  );
}

type Totals = Record<
  "recordsIn" | "recordsOut" | "bytesIn" | "bytesOut" | "keys" | "spills" | "spilledBytes",
  number
> & {
  counters: [name: string, count: number][];
};

function sum(results: readonly AttemptResult[]): Totals {
  const total = { recordsIn: 0, recordsOut: 0, bytesIn: 0, bytesOut: 0, keys: 0, spills: 0, spilledBytes: 0 };
  const counters = new Map<string, number>();
  for (const result of results) {
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += result[name];
    for (const [name, n] of result.counters) counters.set(name, (counters.get(name) ?? 0) + n);
  }
  return { ...total, counters: [...counters] };
}
