import { Command } from "@commander-js/extra-typings";
import prettyMs from "pretty-ms";
import { exit, exitCodeOf } from "../terminal/exit.js";
import { profileDestination } from "./profile-destination.js";
import { workerMemory } from "../machine/worker-memory.js";
import * as options from "./options.js";
import { Exit, exitCodes, onSignals, say } from "./program.js";

/** `mr-worker`, or `mr worker`: runs tasks of an app for a coordinator until the job ends. */
export function workerCommand(name: string, path = name) {
  return new Command(name)
    .description("Run tasks for a coordinator until its job ends.")
    .argument("<app>", "a JavaScript or TypeScript module with map and reduce, or the name of a bundled app such as wc")
    .addOption(options.socket())
    .addOption(options.step())
    .addOption(options.arg())
    .addOption(options.workerMemory())
    .addOption(options.connectTimeout())
    .addOption(options.reconnectTimeout())
    .addOption(options.drainTimeout())
    .addOption(options.cpuProf())
    .addOption(options.quiet())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
A worker waits for its coordinator to start, or to restart after it was killed, and ends with it. A worker that starts
within 10 seconds after the job is done exits. Start as many workers as you have cores. After SIGTERM a worker finishes
its task and exits; after SIGINT, or a second signal, it exits at once.

Examples:
  $ ${path} wc                       # the bundled word count
  $ ${path} ./my-app.ts              # an app of your own
  $ ${path} grep --arg pattern=whale`,
    )
    .action(async (typed, given) => {
      const { arg, socket, connectTimeout: connectTimeoutMs, reconnectTimeout: reconnectTimeoutMs } = given;
      const [{ resolveApp }, { Executor }, { Departure }] = await Promise.all([
        import("../app/resolve.js"),
        import("../worker/executor-host.js"),
        import("../worker/departure.js"),
      ]);
      const profiles = profileDestination(given);
      const memory = given.workerMemory === undefined ? undefined : workerMemory(given.workerMemory);
      const departure = new Departure();
      onSignals(
        (signal) => {
          if (signal === "SIGTERM") departure.drain(signal, given.drainTimeout);
          else departure.stop(signal);
        },
        // A second signal stops a draining worker; if the worker is already stopping, the process exits at once.
        (signal) => {
          if (departure.signal.aborted) void exit(exitCodeOf(signal));
          departure.stop(signal);
        },
      );
      const { signal } = departure;
      const app = resolveApp(typed, given.step);
      const executor = Executor.start(app, { profiles, memory }, signal);
      // The code that awaits it is not loaded yet.
      executor.catch(() => undefined);
      const tell = (message: string) => {
        if (given.quiet !== true) say(path, message);
      };
      try {
        const [{ runWorker }, { coordinatorAt }] = await Promise.all([
          import("../worker/agent.js"),
          import("../worker/connect.js"),
        ]);
        const outcome = await runWorker({
          app,
          args: arg,
          executor,
          profiles,
          memory,
          coordinator: coordinatorAt(socket, {
            app,
            args: arg,
            connectTimeoutMs,
            reconnectTimeoutMs,
            onWait: () => tell(`waiting for a coordinator at ${socket}, for up to ${prettyMs(connectTimeoutMs)}`),
            onLate: (agoMs) => tell(`the job at ${socket} ended ${prettyMs(agoMs)} ago`),
          }),
          departure,
          onJoined: (id) => tell(`joined as worker ${id}`),
          onWarning: (message) => say(path, message),
          onLost: () => tell("lost the coordinator; waiting for it to come back"),
        });
        if (outcome === "failed") throw new Exit(exitCodes.failed, "the job failed or was stopped");
        if (outcome === "stopped") throw new Exit(exitCodes.failed, "the job was stopped, and can be resumed");
        tell("the job is done");
      } catch (error) {
        if (signal.aborted && !(error instanceof Exit)) {
          throw new Exit(exitCodeOf(signal.reason as NodeJS.Signals));
        }
        throw error;
      }
    });
}
