import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** Whether an option may be given without a value, or with one. Commander calls `<path[#name]>` optional, too. */
export function hasOptionalValue({ optional, required }: Option): boolean {
  return optional && !required;
}

/**
 * A command line in which an option whose value may be left out has one only behind `=`, as with Node.js and GNU programs.
 * Commander takes what comes next for the value, so that of `--inspect app.js` nothing would be left to run.
 */
export function withAttachedValues(program: CommandUnknownOpts, args: readonly string[]): string[] {
  const commands = new Map(program.commands.map((command) => [command.name(), command]));
  const command = commands.get(args.find((arg) => commands.has(arg)) ?? "") ?? program;
  const flags = new Set(command.options.filter(hasOptionalValue).map(({ long }) => long));
  const end = args.indexOf("--");
  return args.map((arg, at) => (flags.has(arg) && (end === -1 || at < end) ? `${arg}=` : arg));
}
