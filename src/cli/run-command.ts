import { randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "@commander-js/extra-typings";
import * as options from "./options.js";
import { Exit, exitCodes, onSignals, signalExitCode } from "./program.js";

/** `mr run`: a coordinator and its workers in one command. */
export function runCommand() {
  return commandLine("mr run").action(runJob);
}

function commandLine(path: string) {
  return new Command("run")
    .description("Run a job on this machine: a coordinator, and workers that are started anew when they die.")
    .argument("<app>", "a JavaScript or TypeScript module with map and reduce, or the name of a bundled app such as wc")
    .argument("<inputs...>", "input files; each is one map task, or several when its app takes lines")
    .addOption(options.workers())
    .addOption(options.reducers())
    .addOption(options.outputDirectory("mr-output"))
    .addOption(options.arg())
    .addOption(options.splitSize(true))
    .addOption(options.memory())
    .addOption(options.taskTimeout())
    .addOption(options.maxAttempts())
    .addOption(options.maxCrashes())
    .addOption(options.keepIntermediate())
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
  $ ${path} grep --arg pattern='white whale' pg-*.txt`,
    );
}

type Given = ReturnType<ReturnType<typeof commandLine>["opts"]>;

async function runJob(typed: string, names: readonly string[], given: Given): Promise<never> {
  const [{ resolveApp }, { findInputs }, { splitBytesFor }, { runCluster }] = await Promise.all([
    import("../app/resolve.js"),
    import("../input/files.js"),
    import("../input/splits.js"),
    import("../local/run.js"),
  ]);
  // What is wrong with these is best said before anything is started.
  const app = resolveApp(typed);
  const inputs = findInputs(names);
  const splitSize = given.splitSize ?? splitBytesFor(inputs, given.workers);

  const isDirectoryNew = !existsSync(given.outputDir);
  const socket = `/var/tmp/mr-${userInfo().uid}-${randomBytes(6).toString("hex")}.sock`;
  const stop = new AbortController();
  const kill = new AbortController();
  onSignals(
    (signal) => stop.abort(signal),
    () => kill.abort(),
  );
  const end = await runCluster({
    coordinator: {
      file: programFile("mr-coordinator"),
      args: coordinatorArguments(socket, names, { ...given, splitSize }),
    },
    worker: { file: programFile("mr-worker"), args: ["--supervised", "--socket", socket, "--", app.path] },
    workers: given.workers,
    stop: stop.signal,
    kill: kill.signal,
  });
  if (end.type === "coordinatorKilled") await clearUpAfter(socket, isDirectoryNew, given);
  if (stop.signal.aborted) {
    const signal = stop.signal.reason as NodeJS.Signals;
    throw new Exit(signalExitCode(signal), `stopped by ${signal}`);
  }
  switch (end.type) {
    case "exited":
      throw new Exit(end.code, end.code > 128 ? "the job failed: its coordinator was stopped by a signal" : "");
    case "workersFailed":
      throw new Exit(end.isUsersMistake ? exitCodes.usage : exitCodes.failed, end.message);
    case "coordinatorKilled":
      throw new Exit(exitCodes.failed, `the job failed: its coordinator was ended by ${end.signal}`);
  }
}

/** What a coordinator does at its end, as far as it can be done for one that was killed. */
async function clearUpAfter(
  socket: string,
  isDirectoryNew: boolean,
  { outputDir, keepIntermediate }: Given,
): Promise<void> {
  rmSync(socket, { force: true });
  const [{ JobDirectory }, { removeEmptyDirectories }] = await Promise.all([
    import("../output/directory.js"),
    import("../output/make-directory.js"),
  ]);
  const directory = await JobDirectory.take(outputDir, []);
  directory.clear(keepIntermediate ? ["temporary"] : ["temporary", "intermediate"]);
  if (isDirectoryNew) removeEmptyDirectories([outputDir]);
  await directory.release({ removeIfEmpty: false });
}

function coordinatorArguments(socket: string, names: readonly string[], given: Given): string[] {
  const { reducers, outputDir, arg = {}, taskTimeout, maxAttempts, maxCrashes, splitSize = 0, memory } = given;
  return [
    ...["--supervised", "--socket", socket, "--output-dir", outputDir, "--reducers", String(reducers)],
    ...["--split-size", String(splitSize), "--memory", String(memory)],
    ...["--task-timeout", `${taskTimeout}ms`],
    ...["--max-attempts", String(maxAttempts), "--max-crashes", String(maxCrashes)],
    ...Object.entries(arg).flatMap(([name, value]) => ["--arg", `${name}=${value}`]),
    ...(given.keepIntermediate ? ["--keep-intermediate"] : []),
    ...(given.quiet ? ["--quiet"] : []),
    ...(given.json ? ["--json"] : []),
    ...(given.debug ? ["--debug"] : []),
    "--",
    ...names,
  ];
}

function programFile(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}
