import { describe, expect, test } from "vitest";
import { traitsOf, type LoadedApp } from "../../src/app/load.js";
import { loadedApp } from "../support/loaded-app.js";

const combine = () => 1;
const hook = () => undefined;

describe("combine tasks may call an app's combine", () => {
  test.each<[string, Partial<LoadedApp>, true | undefined]>([
    ["if it has one", { combine }, true],
    ["if it streams", { combine, reduceStream: hook }, true],
    ["not if it has none", {}, undefined],
    ["not if it groups keys", { combine, groupKey: (key) => key }, undefined],
    ["not if it sorts values", { combine, sortValues: true }, undefined],
    ["not if setup may prepare something for it", { combine, setup: hook }, undefined],
    ["not if teardown may depend on it", { combine, teardown: hook }, undefined],
  ])("%s", (_, own, combines) => {
    expect(traitsOf(loadedApp(own)).combines).toBe(combines);
  });
});
