/** The output shown in `docs/examples.md` is the output of its commands, run in order. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { useConsoleExamples } from "./console-examples.js";
import { root, test } from "./programs.js";

const runExamples = useConsoleExamples();

test("docs/examples.md shows what is printed", { timeout: 60_000 }, async ({ place }) => {
  await runExamples(place, readFileSync(join(root, "docs/examples.md"), "utf8"));
});
