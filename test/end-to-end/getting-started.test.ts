/**
 * Everything in docs/getting-started.md after "Install", done in order, in a directory beside a checkout: here the
 * unpacked package, which `npm install` does not build again.
 */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeBooks } from "../../scripts/make-books.js";
import { commandsOf } from "../docs/console.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";
import { packInto } from "./packed.js";
import { root } from "./programs.js";

const temporary = useTemporaryDirectory();
const npmSettings = { npm_config_prefer_offline: "true", npm_config_audit: "false" };
const page = fs.readFileSync(join(root, "docs/getting-started.md"), "utf8");
const blocks = page.slice(page.indexOf("## Make an app")).matchAll(/^```(\w+)\n(.*?)^```$/gms);

test("docs/getting-started.md can be followed, and shows the actual output", { timeout: 240_000 }, async () => {
  const home = temporary.newDirectory();
  await install(home);
  let cwd = home;
  /** Runs commands of the page, and returns their output. Later commands start where these ended. */
  const run = async (script: string) => {
    const where = join(home, "where");
    const freePort = script.replace("--status-port 8080", "--status-port 0");
    const env = { ...process.env, ...npmSettings, LC_ALL: "C", PATH: `${home}/bin:${process.env["PATH"]}` };
    const whole = `exec 2>&1\n${freePort}\npwd >'${where}'`;
    const { stdout } = await promisify(execFile)("bash", ["-ec", whole], { cwd, env }).catch((error: unknown) => {
      throw new Error(`${script}\n${(error as { stdout: string }).stdout}`, { cause: error });
    });
    cwd = fs.readFileSync(where, "utf8").trim();
    return stdout;
  };

  const done: string[] = [];
  for (const [, language = "", text = ""] of blocks) {
    done.push(language);
    if (language === "ts") fs.writeFileSync(join(cwd, "app.ts"), text);
    if (language === "sh") await run(text);
    if (language !== "console") continue;
    for (const { command, printed } of commandsOf(text)) {
      expect(timeless(await run(command)), command).toContain(timeless(printed));
    }
  }
  expect(done).toEqual(["sh", "ts", "console", "console", "console", "sh"]);
  expect(fs.readFileSync(join(home, "opened"), "utf8")).toBe(`${home}/my-app/mr-output/mr-report.html\n`);
});

/** The effect of the section "Install", and a program that records which files it is asked to open. */
async function install(home: string): Promise<void> {
  await promisify(execFile)("tar", ["xzf", await packInto(home), "-C", home]);
  const cwd = join(home, "mapreduce-ts");
  fs.renameSync(join(home, "package"), cwd);
  fs.symlinkSync(join(root, "node_modules"), join(cwd, "node_modules"));
  await makeBooks(join(cwd, "data"));
  fs.mkdirSync(join(home, "bin"));
  fs.symlinkSync("../mapreduce-ts/dist/src/cli/mr.js", join(home, "bin/mr"));
  for (const opener of ["xdg-open", "open"]) {
    fs.writeFileSync(join(home, "bin", opener), `#!/bin/sh\necho "$1" >>'${home}/opened'\n`, { mode: 0o755 });
  }
}

/** Durations differ each time. */
function timeless(text: string): string {
  return text.replace(/\d[\d.]*m?s\b/g, "(time)");
}
