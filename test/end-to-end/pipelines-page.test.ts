/** What `docs/pipelines.md` shows is what its commands print, one after the other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { useConsoleExamples } from "./console-examples.js";
import { root, test } from "./programs.js";

const runExamples = useConsoleExamples();

// Some twenty jobs, one after the other: they build upon each other.
test("docs/pipelines.md shows what is printed", { timeout: 240_000 }, async ({ place }) => {
  await runExamples(place, readFileSync(join(root, "docs/pipelines.md"), "utf8"));
});
