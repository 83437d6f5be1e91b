// Who may import whom. The layout is the architecture: see ARCHITECTURE.md.
const only = (name, from, to, comment) => ({ name, severity: "error", comment, from, to });

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    only("no-circular", {}, { circular: true }, "A cycle has no first file to read."),
    only(
      "not-to-unresolvable",
      { pathNot: "^bench/(peers/|apps/wc-strings)" },
      { couldNotResolve: true },
      "A missing dependency. What the benchmark compares with need not be installed, nor dist/ be built.",
    ),
    only(
      "coordinator-and-worker-apart",
      { path: "^src/coordinator/" },
      { path: "^src/worker/" },
      "They meet only over the wire.",
    ),
    only("worker-and-coordinator-apart", { path: "^src/worker/" }, { path: "^src/coordinator/" }, "As above."),
    only(
      "core-is-pure",
      { path: "^src/coordinator/core/" },
      {
        pathNot: "^src/(coordinator/core|model)/",
      },
      "The scheduler has no clock, socket or file.",
    ),
    only(
      "data-plane-for-workers",
      { path: "^src/(cli|coordinator|input|output|rpc|status)/" },
      { path: "^src/(shuffle/|app/load)", dependencyTypesNot: ["type-only"] },
      "Only worker and local touch records and load apps.",
    ),
    only(
      "model-stands-alone",
      { path: "^src/model/" },
      { path: "^src/", pathNot: "^src/model/" },
      "Everything else is made of these types.",
    ),
    only(
      "ground-stands-alone",
      { path: "^src/(machine|terminal)/" },
      { path: "^src/", pathNot: "^src/(machine|terminal)/" },
      "What the machine grants, and how text reaches a terminal, depends on nothing of the engine.",
    ),
    only(
      "status-sees-the-snapshot-only",
      { path: "^src/status/" },
      { path: "^src/", pathNot: "^src/(status|terminal|model)/" },
      "Views are made of the snapshot and of the job's view, and know nothing else of the engine.",
    ),
    only(
      "the-page-runs-in-a-browser",
      { path: "^src/status/page/" },
      { pathNot: "^src/status/page/", dependencyTypesNot: ["type-only"] },
      "There is no Node.js.",
    ),
    only(
      "lower-layers-know-no-process",
      { path: "^src/(aggregate|app|rpc|input|output|shuffle)/" },
      { path: "^src/(coordinator|worker|local|status|cli)/" },
      "The way of the data does not know who runs it.",
    ),
    only(
      "aggregators-belong-to-apps",
      { path: "^src/", pathNot: "^src/(aggregate/|index)" },
      { path: "^src/aggregate/" },
      "An app brings its own copy of the package. The engine knows its aggregators by app/plain-fold.ts alone.",
    ),
    only("nobody-imports-cli", { path: "^src/", pathNot: "^src/cli/" }, { path: "^src/cli/" }, "cli parses and calls."),
    only(
      "apps-use-the-public-door",
      { path: "^(bench/)?apps/" },
      { path: "^src/", pathNot: "^src/index" },
      "Bundled apps are written as a user would write them.",
    ),
    only(
      "bench-runs-programs",
      { path: "^bench/", pathNot: "^bench/(apps/|sort-keys)" },
      { path: "^(src|apps)/" },
      "What is measured is whole programs, as they are built; sort-keys.ts measures one part on its own.",
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
