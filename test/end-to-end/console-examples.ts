/** The examples in a page of the documentation, and whether they print the output shown there. */
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect } from "vitest";
import { makeBooks } from "../../scripts/make-books.js";
import { makeSamples } from "../../scripts/make-samples.js";
import { commandsOf } from "../docs/console.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { root, type Place } from "./programs.js";

/**
 * Returns a function that runs the examples of some Markdown in order, in a directory that has `data` and the package.
 * It writes blocks of code that begin with `// name.ts` to that file. In `console` blocks, each command must print the
 * lines below it, and nothing to standard error.
 */
export function useConsoleExamples(): (place: Place, markdown: string) => Promise<void> {
  const temporary = useTemporaryDirectory();
  let data = "";
  let programs = "";

  beforeAll(async () => {
    data = temporary.newPath();
    await makeBooks(data);
    await makeSamples(join(data, "samples"));
    programs = temporary.newDirectory();
    for (const program of ["mr", "mr-coordinator", "mr-worker"]) {
      const script = join(programs, program);
      const built = join(root, "dist/src/cli", `${program}.js`);
      writeFileSync(script, `#!/bin/sh\nexec "${process.execPath}" "${built}" "$@"\n`);
      chmodSync(script, 0o755);
    }
  });

  return async (place, markdown) => {
    const cwd = join(place.directory, "work");
    mkdirSync(join(cwd, "node_modules"), { recursive: true });
    symlinkSync(data, join(cwd, "data"));
    symlinkSync(root, join(cwd, "node_modules/mapreduce-ts"));
    // The output does not depend on the number of workers, but the cost of the test does.
    const own = { LC_ALL: "C", MR_WORKERS: "1", MR_SOCKET: place.socket, PATH: `${programs}:${process.env["PATH"]}` };
    for (const { language, text } of blocksOf(markdown)) {
      const name = /^\/\/ (\S+\.[cm]?[jt]s)\b/.exec(text)?.[1];
      if (name !== undefined) writeFileSync(join(cwd, name), text);
      if (language !== "console") continue;
      for (const { command, printed } of commandsOf(text)) {
        const ended = await promisify(execFile)("bash", ["-ec", command], { cwd, env: { ...process.env, ...own } });
        expect({ command, ...ended }).toEqual({ command, stdout: printed, stderr: "" });
      }
    }
  };
}

/** The blocks of code. */
function blocksOf(markdown: string): { language: string; text: string }[] {
  const blocks = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return Array.from(blocks, ([, language = "", text = ""]) => ({ language, text }));
}
