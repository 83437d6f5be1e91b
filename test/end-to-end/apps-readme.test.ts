/** What `apps/README.md` shows is what its commands print. */
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect } from "vitest";
import { makeBooks } from "../../scripts/make-books.js";
import { makeSamples } from "../../scripts/make-samples.js";
import { commandsOf } from "../docs/console.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { root, test } from "./programs.js";

const temporary = useTemporaryDirectory();
let data = "";
let programs = "";

beforeAll(async () => {
  data = temporary.newPath();
  await makeBooks(data);
  await makeSamples(join(data, "samples"));
  programs = temporary.newDirectory();
  const script = join(programs, "mr");
  writeFileSync(script, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/src/cli/mr.js")}" "$@"\n`);
  chmodSync(script, 0o755);
});

const readme = readFileSync(join(root, "apps/README.md"), "utf8");
const sections = readme.split(/^## /m).filter((section) => section.includes("```console"));

describe("apps/README.md shows what is printed by", () => {
  for (const section of sections) {
    test(/^.*/.exec(section)?.[0] ?? "", async ({ place }) => {
      mkdirSync(join(place.directory, "work"));
      symlinkSync(data, join(place.directory, "work/data"));
      const cwd = join(place.directory, "work");
      // What is printed does not depend on the number of workers; what the test costs does.
      const env = { ...process.env, LC_ALL: "C", MR_WORKERS: "1", PATH: `${programs}:${process.env["PATH"]}` };
      const block = /^```console\n(.*?)^```$/ms.exec(section)?.[1] ?? "";
      for (const { command, printed } of commandsOf(block)) {
        const ended = await promisify(execFile)("bash", ["-ec", command], { cwd, env });
        expect({ command, ...ended }).toEqual({ command, stdout: printed, stderr: "" });
      }
    });
  }
});
