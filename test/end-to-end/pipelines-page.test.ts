/** The output shown in `docs/pipelines.md` is the output of its commands, run in order. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { useConsoleExamples } from "./console-examples.js";
import { root, test } from "./programs.js";

const runExamples = useConsoleExamples();

// Some twenty jobs in sequence, which build upon each other.
test("docs/pipelines.md shows the actual output", { timeout: 240_000 }, async ({ place }) => {
  await runExamples(place, readFileSync(join(root, "docs/pipelines.md"), "utf8"));
});
