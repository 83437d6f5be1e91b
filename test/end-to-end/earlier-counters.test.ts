/** Steps of a pipeline that read the counters of earlier ones. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { useConsoleExamples } from "./console-examples.js";
import { linesOf, root, test, type Place } from "./programs.js";

const runExamples = useConsoleExamples();

/** TF-IDF: the first step counts the documents, which the second one needs. It fails until there is a file `go`. */
const app = `
  import { existsSync } from "node:fs";
  const occurrences = {
    input: "file",
    map(file, text, ctx) {
      ctx.counter("documents").add();
      ctx.counter("constructor").add(7);
      for (const word of text.split(" ")) ctx.emit(word, file);
    },
    reduce(word, files, ctx) {
      ctx.counter("documents").add(0);
      ctx.counter("words").add();
      return files;
    },
  };
  const weights = {
    concurrency: 2,
    async map(word, files, ctx) {
      await null;
      if (!existsSync("go")) throw new Error("not yet");
      ctx.counter("weighed").add();
      const { documents } = ctx.earlierCounters[0];
      for (const file of new Set(files)) {
        const frequency = files.filter((other) => other === file).length;
        ctx.emit(word, [file, frequency, documents / new Set(files).size]);
      }
    },
    reduce: (word, [first]) => first[2],
  };
  const all = {
    map: (word, weight) => [{ key: word, value: weight }],
    reduce: (word, [weight], ctx) => [weight, ...ctx.earlierCounters.map((counters) => ({ ...counters }))],
  };
  export const steps = [occurrences, weights, all];
`;

/** The weights, computed without the engine. */
function weights(texts: readonly string[]): Map<string, number> {
  const words = [...new Set(texts.flatMap((text) => text.split(" ")))].sort();
  return new Map(
    words.map((word) => [word, texts.length / texts.filter((text) => text.split(" ").includes(word)).length]),
  );
}

const texts = ["a b a", "b c", "b d e", "b"];

function expectOutput(place: Place, directory: string): void {
  const records = linesOf(place.read(`${directory}/mr-out-0.jsonl`)).map((line) => JSON.parse(line) as unknown);
  const counters: Record<string, number>[] = [{ documents: 4, constructor: 7 * 4, words: 5 }, { weighed: 5 }];
  expect(records).toEqual(Array.from(weights(texts), ([key, weight]) => ({ key, value: [weight, ...counters] })));
}

describe.concurrent("the counters of earlier steps", () => {
  const job = ["-q", "-r", "1", "--output-format", "jsonl", "steps.mjs", "0", "1", "2", "3"];

  test("are totals of all their tasks, also when the pipeline is resumed", async ({ place }) => {
    place.write("steps.mjs", app);
    for (const [n, text] of texts.entries()) place.write(`${n}`, text);
    expect(await place.run("mr", ["run", ...job])).toMatchObject({ code: 1 });
    place.write("go", "");
    await place.succeed("mr", ["run", "--resume", ...job]);
    expectOutput(place, "mr-output");
  });

  test("are the same in mr sequential", async ({ place }) => {
    place.write("steps.mjs", app);
    place.write("go", "");
    for (const [n, text] of texts.entries()) place.write(`${n}`, text);
    await place.succeed("mr", ["sequential", ...job]);
    expectOutput(place, "mr-output");
  });
});

test("docs/counters-and-hooks.md shows a step that reads counters", { timeout: 60_000 }, async ({ place }) => {
  const page = readFileSync(join(root, "docs/counters-and-hooks.md"), "utf8");
  const section = /^### Counters of earlier steps$.*?(?=^##)/ms.exec(page)?.[0] ?? "";
  expect(section).toContain("```console");
  await runExamples(place, section);
});
