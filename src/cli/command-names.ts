/** Finds file names on the command line that Node.js cannot handle. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { isUtf8Name, shownName } from "../storage/file-name.js";
import { InputError } from "../input/input-error.js";

/** These may contain any bytes that a name can have; see `storage/file-name.ts`. */
const ofInputs: ReadonlySet<string> = new Set(["inputs", "input", "inputsFrom", "inputsFrom0"]);
/** A value for the app, not a name. */
const ofApp = "arg";

/**
 * Throws an InputError that names the first argument or option with a NUL character, which no file name can contain, or
 * with bytes that are not UTF-8, which only names of inputs may contain.
 */
export function requireUsableNames(command: CommandUnknownOpts): void {
  for (const [index, argument] of command.registeredArguments.entries()) {
    requireUsable(argument.name(), argument.name(), command.processedArgs[index]);
  }
  for (const option of command.options) {
    const name = option.attributeName();
    requireUsable(name, option.long ?? name, command.getOptionValue(name));
  }
}

function requireUsable(name: string, shown: string, value: unknown): void {
  for (const text of textsIn(value)) {
    if (!isUtf8Name(text) && !ofInputs.has(name)) {
      throw new InputError(`${shown} ${shownName(text)}: it is not UTF-8; only names of inputs may be other bytes`);
    }
    if (text.includes("\0") && name !== ofApp) {
      throw new InputError(
        `${shown} ${shownName(text).replaceAll("\0", "\\0")}: a name cannot contain a NUL character`,
      );
    }
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
