import type { LoadedApp } from "../../src/app/load.js";

/** An app that reads lines and has no other functions than these, as it is after loading. */
export function loadedApp(own: Partial<LoadedApp>): LoadedApp {
  return {
    input: "lines",
    map: undefined,
    mapBytes: undefined,
    reduce: undefined,
    reduceStream: undefined,
    combine: undefined,
    partition: undefined,
    groupKey: undefined,
    sortValues: undefined,
    setup: undefined,
    teardown: undefined,
    writer: undefined,
    mapSide: {},
    ...own,
  };
}
