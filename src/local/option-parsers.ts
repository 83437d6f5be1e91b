/** Parsers of option values, which throw an OptionValueError. The caller adds which option it is. */
import ms, { type StringValue } from "ms";
import { isArgName } from "../model/required-options.js";
import { parseByteSize } from "./byte-size.js";

/** The value of an option is invalid. The message says what it must be. */
export class OptionValueError extends Error {
  override readonly name = "OptionValueError";
}

/** A whole number in a range, in decimal digits. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const n = /^\d+$/.test(text) ? Number(text) : NaN;
    if (n >= least && n <= most) return n;
    throw new OptionValueError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** A number above 0, which may have a fraction. */
export function numberAboveZero(most: number): (text: string) => number {
  return (text) => {
    const n = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (n > 0 && n <= most) return n;
    throw new OptionValueError(`It must be a number above 0 and up to ${most}, such as 50 or 0.5.`);
  };
}

/** A path; rejects `-`, which does not mean standard input or output here. `what` says what to do instead. */
export function pathNotDash(what: string): (text: string) => string {
  return (text) => {
    if (text !== "-") return text;
    throw new OptionValueError(`It cannot be standard output: ${what}. For a file named -, write ./-`);
  };
}

/** A duration such as `500ms`, `10s` or `2m`; a bare number is milliseconds. Returns milliseconds. */
export function duration(text: string): number {
  const milliseconds = text === "" || text.length > 100 ? undefined : (ms(text as StringValue) as number | undefined);
  if (milliseconds !== undefined && milliseconds >= leastDurationMs && milliseconds <= dayMs) return milliseconds;
  throw new OptionValueError("It must be a duration from 100ms to 1d, such as 500ms, 10s or 2m.");
}

/** Below this, a busy machine looks like a dead worker. */
const leastDurationMs = 100;
const dayMs = 24 * 60 * 60 * 1000;

/** A size such as `500kB` or `64MiB`, from `least` to `most`. Returns bytes. */
export function size(least: string, most: string): (text: string) => number {
  return (text) => {
    try {
      const bytes = parseByteSize(text);
      if (bytes >= parseByteSize(least) && bytes <= parseByteSize(most)) return bytes;
    } catch {
      // Not a size: the message is the same.
    }
    throw new OptionValueError(`It must be a size from ${least} to ${most}, such as 500kB or 64MiB.`);
  };
}

/** `[host:]port` or `host`, with defaults for missing parts; an IPv6 address has brackets. */
export function address(hostDefault: string, portDefault: number): (text: string) => { host: string; port: number } {
  return (text) => {
    const match = /^(?:\[([\da-f:.]+)\]|(?!\d+$)(\w[\w.-]{0,252}))?(?:(?:^|:)(\d{1,5}))?$/i.exec(text);
    const port = match?.[3] === undefined ? portDefault : Number(match[3]);
    if (match !== null && port <= 65_535) return { host: match[1] ?? match[2] ?? hostDefault, port };
    throw new OptionValueError("It must be a port, a host, or host:port, such as 9230 or 127.0.0.1:9230.");
  };
}

/** A percentage, such as `1%`. Returns the number. */
export function percentage(text: string): number {
  const percent = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : NaN;
  if (percent > 0 && percent <= 100) return percent;
  throw new OptionValueError("It must be a percentage from above 0% to 100%, such as 1% or 0.5%.");
}

/** Collects `--arg name=value` options. */
export function nameValue(text: string, earlier: Record<string, string> | undefined): Record<string, string> {
  const [name, ...rest] = text.split("=");
  if (name === undefined || rest.length === 0 || !isArgName(name)) {
    throw new OptionValueError("It must be name=value, with a name of letters, digits and . _ -");
  }
  return { ...earlier, [name]: rest.join("=") };
}

/** One of a few words. */
export function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new OptionValueError(`It must be one of ${words.join(", ")}.`);
  };
}

/** `on` or `off`, as true or false. */
export function onOrOff(text: string): boolean {
  if (text !== "on" && text !== "off") throw new OptionValueError("It must be on or off.");
  return text === "on";
}

/** The value of a variable for a flag, which has no value on the command line. */
export function flagText(text: string): boolean {
  const flag = flagOf(text);
  if (flag !== undefined) return flag;
  throw new OptionValueError("It must be one of 1, true, yes, on, and 0, false, no, off.");
}

/** True if a text means on, false if it means off, undefined otherwise. */
export function flagOf(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (["1", "true", "yes", "on"].includes(lower)) return true;
  return ["0", "false", "no", "off"].includes(lower) ? false : undefined;
}

/** For a repeatable option: appends a value to the earlier ones. */
export function appended(given: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), given];
}
