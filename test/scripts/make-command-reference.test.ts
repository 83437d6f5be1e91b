import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandReference, commandReferencePath } from "../../scripts/make-command-reference.js";

test("docs/commands.md says what the commands say; if not, `npm run docs` writes it anew", async () => {
  expect(readFileSync(commandReferencePath, "utf8")).toBe(await commandReference());
});
