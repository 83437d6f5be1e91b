/** The output shown in `apps/README.md` is the output of its commands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { useConsoleExamples } from "./console-examples.js";
import { root, test } from "./programs.js";

const runExamples = useConsoleExamples();
const readme = readFileSync(join(root, "apps/README.md"), "utf8");
const sections = readme.split(/^## /m).filter((section) => section.includes("```console"));

describe("apps/README.md shows what is printed by", () => {
  for (const section of sections) {
    test(/^.*/.exec(section)?.[0] ?? "", async ({ place }) => {
      await runExamples(place, section);
    });
  }
});
