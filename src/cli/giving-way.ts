/**
 * What a variable or a config file says is for many jobs, and gives way where it does not fit; what the command line says is
 * kept or refused.
 */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { OptionName } from "../app/define-config.js";
import { InputError } from "../input/input-error.js";

/** Whether the command line itself gives this option, and not only undoes it (`=off`). */
export function isOnCommandLine(command: CommandUnknownOpts, name: OptionName): boolean {
  return command.getOptionValueSource(name) === "cli" && command.getOptionValue(name) !== undefined;
}

/** To be called where an option does not fit and is passed over. Throws an InputError when the command line gives it. */
export function requireNotOnCommandLine(command: CommandUnknownOpts, name: OptionName, problem: string): void {
  if (isOnCommandLine(command, name)) throw new InputError(problem);
}
