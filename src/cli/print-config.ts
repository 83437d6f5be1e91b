import { visibleLine } from "../terminal/visible-text.js";
import type { OptionOrigin } from "./option-values.js";

/** The options of a command as a readable table: name, value, and origin. */
export function optionTable(origins: readonly OptionOrigin[]): string {
  const rows = origins.flatMap(({ option, texts, from }) =>
    (texts.length === 0 ? ["-"] : texts).map((text) => [`--${option.name()}`, shown(text), from] as const),
  );
  const [names, values] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(([name, value, from]) => `${name.padEnd(names ?? 0)}  ${value.padEnd(values ?? 0)}  ${from}\n`)
    .join("");
}

/** A row is one line, and must not move the cursor. */
function shown(text: string): string {
  return visibleLine(/^$|^\s|\s$|\p{Cc}/u.test(text) ? JSON.stringify(text) : text);
}
