import { Command } from "@commander-js/extra-typings";
import type { WorkerMessage } from "../local/supervision.js";
import * as options from "./options.js";
import { Exit, exitCodes, explain, onSignals, say, signalExitCode } from "./program.js";

/** `mr-worker`, or `mr worker`: runs tasks of an app for a coordinator until the job has ended. */
export function workerCommand(name: string, path = name) {
  return new Command(name)
    .description("Run tasks for a coordinator until its job has ended.")
    .argument("<app>", "a JavaScript or TypeScript module with map and reduce, or the name of a bundled app such as wc")
    .addOption(options.socket())
    .addOption(options.arg())
    .addOption(options.connectTimeout())
    .addOption(options.quiet())
    .addOption(options.debug())
    .addOption(options.supervised())
    .addHelpText(
      "after",
      `
A worker waits for a coordinator that is not up yet, and ends with it. Start as many as you have cores.

Examples:
  $ ${path} wc                       # the bundled word count
  $ ${path} ./my-app.ts              # an app of your own
  $ ${path} grep --arg pattern=whale`,
    )
    .action(async (typed, { arg, socket, connectTimeout, supervised, quiet, debug }) => {
      const [{ resolveApp }, { runWorker }] = await Promise.all([
        import("../app/resolve.js"),
        import("../worker/agent.js"),
      ]);
      const stopping = new AbortController();
      onSignals(
        (signal) => stopping.abort(signal),
        (signal) => process.exit(signalExitCode(signal)),
        supervised,
      );
      // Without its supervisor a worker is not wanted any more.
      const onDisconnect = () => stopping.abort("SIGTERM");
      process.on("disconnect", onDisconnect);
      if (supervised && !process.connected) onDisconnect();
      try {
        const app = resolveApp(typed);
        const outcome = await runWorker({
          app,
          args: arg,
          socket,
          connectTimeoutMs: connectTimeout,
          signal: stopping.signal,
          onJoined: (id) => {
            if (supervised) void tellSupervisor({ type: "joined" });
            else if (quiet !== true) say(path, `joined as worker ${id}`);
          },
        });
        if (supervised) await tellSupervisor({ type: "left" });
        else if (outcome === "done" && quiet !== true) say(path, "the job is done");
        if (outcome === "failed") throw new Exit(exitCodes.failed, supervised ? "" : "the job failed or was stopped");
      } catch (error) {
        if (stopping.signal.aborted) throw new Exit(signalExitCode(stopping.signal.reason as NodeJS.Signals));
        if (!supervised || error instanceof Exit) throw error;
        const { code, message } = explain(error, debug ?? false);
        await tellSupervisor({ type: "failed", message, isFinal: code === exitCodes.usage });
        throw new Exit(code);
      }
    });
}

async function tellSupervisor(message: WorkerMessage): Promise<void> {
  // It may have gone, and the channel with it: then nobody is to be told.
  await new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}
