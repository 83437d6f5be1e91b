/** The output shown in these pages is the output of their commands, run in order. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { useConsoleExamples } from "./console-examples.js";
import { root, test } from "./programs.js";

const runExamples = useConsoleExamples();

test.for(["README.md", "docs/examples.md", "docs/writing-apps.md"])(
  "%s shows what is printed",
  { timeout: 60_000 },
  async (page, { place }) => {
    await runExamples(place, readFileSync(join(root, page), "utf8"));
  },
);
