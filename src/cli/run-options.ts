/** The options that `mr run` and `mr pipeline` share. */
import { Command } from "@commander-js/extra-typings";
import * as inputs from "./inputs.js";
import * as options from "./options.js";

/** Creates a command with all options for jobs on this machine. */
export function jobCommand(name: string) {
  return new Command(name)
    .addOption(inputs.inputsFrom())
    .addOption(inputs.inputsFrom0())
    .addOption(inputs.recursive())
    .addOption(options.workers())
    .addOption(options.reducers())
    .addOption(options.partitioner())
    .addOption(options.outputDirectory("mr-output"))
    .addOption(options.outputFormat())
    .addOption(options.values())
    .addOption(options.compress())
    .addOption(options.arg())
    .addOption(options.file())
    .addOption(options.splitSize(true))
    .addOption(options.noGroup())
    .addOption(options.sample())
    .addOption(options.memory())
    .addOption(options.workerMemory())
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
    .addOption(options.dryRun())
    .addOption(options.drainTimeout())
    .addOption(options.statusPort())
    .addOption(options.statusHost())
    .addOption(options.cpuProf())
    .addOption(options.trace())
    .addOption(options.quiet())
    .addOption(options.json())
    .addOption(options.debug());
}

export type JobGiven = ReturnType<ReturnType<typeof jobCommand>["opts"]>;
