/** What was given to a command, as far as names of files may be in it that its functions cannot take. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { isUtf8Name, shownName } from "../input/file-name.js";
import { InputError } from "../input/input-error.js";

/** These may be any bytes that a name can have; see `input/file-name.ts`. */
const ofInputs: ReadonlySet<string> = new Set(["inputs", "input", "inputsFrom", "inputsFrom0"]);
/** It is for the app, and no name. */
const ofApp = "arg";

/**
 * Throws an InputError that names the first argument or option that has a name with a NUL character, which no file has, or
 * one that is not UTF-8, except for names of inputs.
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
      throw new InputError(`${shown} ${shownName(text)}: it is not UTF-8, which only names of inputs need not be`);
    }
    if (text.includes("\0") && name !== ofApp) {
      throw new InputError(`${shown} ${shownName(text).replaceAll("\0", "\\0")}: no name has a NUL character in it`);
    }
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
