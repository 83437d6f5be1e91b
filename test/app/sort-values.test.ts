import { expect, test } from "vitest";
import { checkApp } from "../../src/app/load.js";

const app = { map: () => undefined, reduce: () => 1 };

test("a comparator as sortValues is refused, since it would order nothing", () => {
  const sortValues = (a: number, b: number) => a - b;
  expect(() => checkApp("a.js", { ...app, sortValues })).toThrow(
    /^app a\.js: export sortValues must be a function of one/,
  );
});

test("a function of one value as sortValues is accepted", () => {
  expect(checkApp("a.js", { ...app, sortValues: (n: number) => -n }).sortValues).toBeTypeOf("function");
});
