/** The output shown in `docs/outputs.md` is the output of its commands, run in order. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { useConsoleExamples } from "./console-examples.js";
import { root, test } from "./programs.js";

const runExamples = useConsoleExamples();

test("docs/outputs.md shows the actual output", { timeout: 120_000 }, async ({ place }) => {
  await runExamples(place, readFileSync(join(root, "docs/outputs.md"), "utf8"));
});
