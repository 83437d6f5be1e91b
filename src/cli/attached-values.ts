import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** Whether the value of an option is optional. Commander wrongly calls `<path[#name]>` optional, too. */
export function hasOptionalValue({ optional, required }: Option): boolean {
  return optional && !required;
}

/**
 * Makes optional values require `=`, as in Node.js and GNU programs. Commander takes the next argument for the value, and
 * `--inspect app.js` would leave no app to run.
 */
export function withAttachedValues(program: CommandUnknownOpts, args: readonly string[]): string[] {
  const commands = new Map(program.commands.map((command) => [command.name(), command]));
  const command = commands.get(args.find((arg) => commands.has(arg)) ?? "") ?? program;
  const flags = new Set(command.options.filter(hasOptionalValue).map(({ long }) => long));
  const end = args.indexOf("--");
  return args.map((arg, at) => (flags.has(arg) && (end === -1 || at < end) ? `${arg}=` : arg));
}
