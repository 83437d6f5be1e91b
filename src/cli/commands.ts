/** All commands of `mr`. Two also exist as separate programs, as in the lab. */
import { Command } from "@commander-js/extra-typings";
import { catCommand } from "./cat-command.js";
import { coordinatorCommand } from "./coordinator-command.js";
import { initCommand } from "./init-command.js";
import { peekCommand } from "./peek-command.js";
import { pipelineCommand } from "./pipeline-command.js";
import { replayCommand } from "./replay-command.js";
import { reportCommand } from "./report-command.js";
import { runCommand } from "./run-command.js";
import { sequentialCommand } from "./sequential-command.js";
import { verifyCommand } from "./verify-command.js";
import { workerCommand } from "./worker-command.js";

/** The program `mr`, with its commands. */
export function mrProgram() {
  return new Command("mr")
    .description("MapReduce for people who write JavaScript and TypeScript.")
    .addCommand(runCommand())
    .addCommand(pipelineCommand())
    .addCommand(sequentialCommand())
    .addCommand(replayCommand())
    .addCommand(catCommand())
    .addCommand(verifyCommand())
    .addCommand(reportCommand())
    .addCommand(peekCommand())
    .addCommand(initCommand())
    .addCommand(coordinatorCommand("coordinator", "mr coordinator"))
    .addCommand(workerCommand("worker", "mr worker"))
    .addHelpText(
      "after",
      `
Examples:
  $ mr run wc pg-*.txt      # count the words in some books
  $ mr help run             # everything about a command`,
    );
}
