import { describe, expect, it } from "vitest";
import { Warnings } from "../../../src/scheduler/job/warnings.js";

describe("the warnings of a job", () => {
  it("are reported once each, whichever attempts they come from", () => {
    const warnings = new Warnings();
    expect(warnings.add(["a", "b", "a"])).toEqual(["warning: a", "warning: b"]);
    expect(warnings.add(["b", "c"])).toEqual(["warning: c"]);
    expect(warnings).toMatchObject({ list: ["a", "b", "c"], omitted: 0 });
  });

  it("are only counted from the hundred and first on, which is reported once", () => {
    const warnings = new Warnings();
    warnings.add(Array.from({ length: 100 }, (_, n) => `${n}`));
    expect(warnings.add(["x", "y"])).toEqual(["warning: more than 100 warnings; further ones are only counted"]);
    expect(warnings.add(["z", "7"])).toEqual([]);
    expect(warnings.list).toHaveLength(100);
    expect(warnings.omitted).toBe(3);
  });
});
