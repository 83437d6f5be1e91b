import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vitest/config";

/** Includes a binary as bytes, as the build does. */
const withBinaries: Plugin = {
  name: "with-binaries",
  enforce: "pre",
  load: (id) =>
    id.endsWith(".wasm") ? `export default Buffer.from("${readFileSync(id, "base64")}", "base64");` : null,
};

export default defineConfig({
  plugins: [withBinaries],
  resolve: {
    // Apps import the package by its name, as their users do; under test that is the source.
    alias: { "mapreduce-ts": fileURLToPath(new URL("src/index.ts", import.meta.url)) },
  },
  test: {
    server: { deps: { inline: ["bzip2-wasm"] } },
    include: ["test/**/*.test.ts"],
    // End-to-end tests start whole clusters; two noisy cores may need a while for one.
    testTimeout: 60_000,
    // On two cores one would be the default, and it mostly waits for the processes that its tests have started.
    maxWorkers: 2,
    hookTimeout: 60_000,
    // The second one closes the output with a line of counts.
    reporters: ["default", ...(process.env["CI"] === undefined ? [] : ["./test/support/count-reporter.ts"])],
  },
});
