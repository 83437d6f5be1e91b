import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandReference, commandReferencePath } from "../../scripts/make-command-reference.js";

test("docs/commands.md matches the help of the commands; if not, run `npm run docs`", async () => {
  expect(readFileSync(commandReferencePath, "utf8")).toBe(await commandReference());
});
