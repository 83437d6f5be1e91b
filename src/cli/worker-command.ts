import { Command } from "@commander-js/extra-typings";
import * as options from "./options.js";
import { Exit, exitCodes, onSignals, say, signalExitCode } from "./program.js";

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
    .addHelpText(
      "after",
      `
A worker waits for a coordinator that is not up yet, and ends with it. Start as many as you have cores.

Examples:
  $ ${path} wc                       # the bundled word count
  $ ${path} ./my-app.ts              # an app of your own
  $ ${path} grep --arg pattern=whale`,
    )
    .action(async (typed, { arg, socket, connectTimeout, quiet }) => {
      const [{ resolveApp }, { Executor }] = await Promise.all([
        import("../app/resolve.js"),
        import("../worker/executor-host.js"),
      ]);
      const stopping = new AbortController();
      onSignals(
        (signal) => stopping.abort(signal),
        (signal) => process.exit(signalExitCode(signal)),
      );
      const { signal } = stopping;
      const app = resolveApp(typed);
      const executor = Executor.start(app.path, signal);
      // Whoever awaits it is not loaded yet.
      executor.catch(() => undefined);
      try {
        const [{ runWorker }, { coordinatorAt }] = await Promise.all([
          import("../worker/agent.js"),
          import("../worker/connect.js"),
        ]);
        const onJoined = (id: string) => {
          if (quiet !== true) say(path, `joined as worker ${id}`);
        };
        const coordinator = coordinatorAt(socket, connectTimeout);
        const outcome = await runWorker({ app, args: arg, executor, coordinator, signal, onJoined });
        if (outcome === "failed") throw new Exit(exitCodes.failed, "the job failed or was stopped");
        if (quiet !== true) say(path, "the job is done");
      } catch (error) {
        if (signal.aborted) throw new Exit(signalExitCode(signal.reason as NodeJS.Signals));
        throw error;
      }
    });
}
