import { expect, it } from "vitest";
import { importFailure } from "../../src/app/import-module.js";

it("an app that throws an error which cannot be read is named with the reason", () => {
  const error = Object.defineProperty(new Error(), "message", {
    get() {
      throw new RangeError("no getter");
    },
  });
  expect(importFailure("/app.mjs", error)).toMatch(
    /^Error: the app threw an error that cannot be shown, since reading it throws RangeError: no getter \(.*\)$/,
  );
});
