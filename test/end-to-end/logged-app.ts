/** An app that logs its calls outside the job's directory, and waits where a test says. */
import type { Place } from "./programs.js";
import { linesOf, until } from "./programs.js";

/**
 * Writes an app that counts letters. When an attempt begins (for a reduce, with its first key), it adds a line such as
 * `map 0 1` (kind, task, attempt) to the file `calls`. Where `waits` (an expression over `kind` and `ctx`) is true, it
 * continues only when there is a file named `go`.
 */
export function writeLoggedApp(place: Place, waits: string, name = "logged.mjs"): string {
  return place.write(
    name,
    `import { appendFileSync, existsSync } from "node:fs";
    let last = "";
    async function begin(kind, ctx) {
      const call = [kind, ctx.task, ctx.attempt].join(" ");
      if (call === last) return;
      last = call;
      appendFileSync("calls", call + "\\n");
      if (${waits}) while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    export async function map(name, text, ctx) {
      await begin("map", ctx);
      for (const letter of text) ctx.emit(letter, 1);
    }
    export async function reduce(key, values, ctx) {
      await begin("reduce", ctx);
      return values.length;
    }
    // Each letter has a partition that is known: "a" the first, "b" the second.
    export const partition = (key, reducers) => key.charCodeAt(0) % 97 % reducers;`,
  );
}

/** The calls up to now. */
export function calls(place: Place): string[] {
  return place.exists("calls") ? linesOf(place.read("calls")) : [];
}

/** Waits until that call was made. */
export async function called(place: Place, call: string): Promise<void> {
  await until(
    () => calls(place).includes(call),
    () => `the call ${call}; there were: ${calls(place).join(", ")}`,
  );
}

/** How many attempts of that task have begun, such as "map 0". */
export function attemptsOf(place: Place, task: string): number {
  return calls(place).filter((call) => call.startsWith(`${task} `)).length;
}

/** The outputs in a directory, one after another. */
export function outputOf(place: Place, directory: string): string {
  const names = place.files(directory).filter((name) => /\/mr-out-\d+$/.test(name));
  return names.map((name) => `${name.split("/").at(-1)}:\n${place.read(name)}`).join("");
}
