/** Apps that wait, or never end, so that a test can act in the middle of a job. */
import type { Place } from "./programs.js";
import { found } from "./programs.js";

/**
 * Writes an app that counts letters and gets stuck in the tasks for which `stuck` (an expression over `kind` and `ctx`)
 * is true. There it creates a file `begun-KIND-TASK-ATTEMPT-PID`. Then, depending on `--arg how=…`, it computes forever
 * (`loop`), waits forever (`hang`), or waits for a file named `go` (`gate`).
 */
export function writeStuckApp(place: Place, stuck: string, name = "stuck.mjs"): string {
  return place.write(
    name,
    `import { existsSync, writeFileSync } from "node:fs";
    export const args = ["how", "x"];
    async function mayGetStuck(kind, ctx) {
      if (!(${stuck})) return;
      writeFileSync(["begun", kind, ctx.task, ctx.attempt, process.pid].join("-"), "");
      if (ctx.args.how === "loop") for (;;);
      if (ctx.args.how === "hang") await new Promise(() => setInterval(() => undefined, 1000));
      while (!existsSync("go")) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    export async function map(name, text, ctx) {
      for (const letter of text) ctx.emit(letter, 1);
      await mayGetStuck("map", ctx);
    }
    export async function reduce(key, values, ctx) {
      ctx.emit(key, values.length);
      await mayGetStuck("reduce", ctx);
    }`,
  );
}

/** The attempts that have got stuck up to now. */
export function begun(place: Place): { name: string; pid: number }[] {
  const names = place.files().filter((name) => name.startsWith("begun-"));
  return names.map((name) => ({ name, pid: Number(name.split("-").at(-1)) }));
}

/** Waits until an attempt has got stuck, and returns its process. */
export async function stuckIn(place: Place, attempt: RegExp | string = ""): Promise<number> {
  return found(() => begun(place).find(({ name }) => name.match(attempt))?.pid, `begun-${String(attempt)}`);
}
