/**
 * Variables and config files are meant for many jobs: their options are ignored where they do not fit. Options on the
 * command line are applied or rejected.
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { OptionName } from "../app/define-config.js";
import { InputError } from "../input/input-error.js";
import type { SourceOf } from "../local/job-options.js";

/** Whether the command line itself sets this option, and does not only turn it off (`=off`). */
export function isOnCommandLine(command: CommandUnknownOpts, name: OptionName): boolean {
  return command.getOptionValueSource(name) === "cli" && command.getOptionValue(name) !== undefined;
}

/** Call this where an option does not fit and is ignored. Throws an InputError if the command line sets it. */
export function requireNotOnCommandLine(command: CommandUnknownOpts, name: OptionName, problem: string): void {
  if (isOnCommandLine(command, name)) throw new InputError(problem);
}

/** Who has set each option of a command. */
export function sourcesOf(command: CommandUnknownOpts): SourceOf {
  return (name) => {
    const source = command.getOptionValueSource(name);
    if (command.getOptionValue(name) === undefined || source === undefined || source === "default") return "nobody";
    return source === "cli" ? "this job" : "many jobs";
  };
}
