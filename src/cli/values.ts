/** Parsers of option values. What they throw becomes one line that names the option. */
import { InvalidArgumentError } from "@commander-js/extra-typings";
import ms, { type StringValue } from "ms";

/** A whole number in a range, in decimal digits. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const n = /^\d+$/.test(text) ? Number(text) : NaN;
    if (n >= least && n <= most) return n;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** A duration such as `500ms`, `10s` or `2m`; a bare number is milliseconds. Returns milliseconds. */
export function duration(text: string): number {
  const milliseconds = text === "" || text.length > 100 ? undefined : (ms(text as StringValue) as number | undefined);
  if (milliseconds !== undefined && milliseconds >= leastDurationMs && milliseconds <= dayMs) return milliseconds;
  throw new InvalidArgumentError("It must be a duration from 100ms to 1d, such as 500ms, 10s or 2m.");
}

/** With less, a busy machine is taken for a dead worker. */
const leastDurationMs = 100;
const dayMs = 24 * 60 * 60 * 1000;

/** Collects `--arg name=value` options. */
export function nameValue(text: string, earlier: Record<string, string> | undefined): Record<string, string> {
  const [name, ...rest] = text.split("=");
  if (
    name === undefined ||
    rest.length === 0 ||
    !/^[A-Za-z][\w.-]*$/.test(name) ||
    name === "constructor" ||
    name === "prototype"
  ) {
    throw new InvalidArgumentError("It must be name=value, with a name of letters, digits and . _ -");
  }
  return { ...earlier, [name]: rest.join("=") };
}
