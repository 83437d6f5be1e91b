import { expect, test } from "vitest";
import { targets } from "./targets.js";

const inputs = 3000;

test.each(Object.entries(targets))("%s: each of some thousand generated inputs is stood", async (_, target) => {
  const outcome = await target(1, inputs);
  expect(outcome.finding).toBeUndefined();
  expect(outcome.inputs).toBeGreaterThanOrEqual(inputs);
});
