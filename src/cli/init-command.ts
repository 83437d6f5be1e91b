import { Command } from "@commander-js/extra-typings";
import * as options from "./options.js";
import { say } from "./program.js";

const path = "mr init";

/** `mr init`: creates a new app with a test. */
export function initCommand() {
  return new Command("init")
    .description("Create a directory with a starter app: map and reduce, a test, sample data, package.json.")
    .argument("<directory>", "the directory, created if it does not exist; existing files are not replaced")
    .addOption(options.javascript())
    .addOption(options.quiet())
    .addOption(options.debug())
    .addHelpText(
      "after",
      `
Examples:
  $ ${path} my-app
  $ ${path} --javascript my-app`,
    )
    .action(async (directory, { javascript = false, quiet = false }) => {
      const { makeApp } = await import("./new-app.js");
      const { files, install } = makeApp(directory, javascript ? "javascript" : "typescript");
      if (quiet) return;
      say(path, `made ${files.join(", ")} in ${directory}`);
      const there = /^[\w./-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", `'\\''`)}'`;
      say(path, `try it with: cd ${there} && ${install} && npm test && npm start`);
    });
}
