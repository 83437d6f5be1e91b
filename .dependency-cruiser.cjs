// Who may import whom. The layout is the architecture: see ARCHITECTURE.md.
const only = (name, from, to, comment) => ({ name, severity: "error", comment, from, to });

/** The scheduler: a job knows nothing of the cluster that runs it. */
const scheduler = ["scheduler/job", "scheduler/cluster", "scheduler/views"];

/**
 * The folders of src/ from the lowest to the highest, with the folders that each may import. Types count as well. They
 * stand above it in this list: whoever adds a folder decides on which layer it is.
 */
const layers = {
  // Plain types with their schemas and arithmetic.
  model: [],
  // What the machine grants a process: memory, files, sockets; and how text reaches a terminal.
  machine: [],
  terminal: [],
  // Files and directories.
  storage: ["model", "machine"],
  // What an app is. An app brings its own copy of the package, with the aggregators that it uses: no folder imports them.
  app: ["model", "storage"],
  aggregate: ["app"],
  // The way of the data, which does not know who runs it.
  input: ["model", "storage", "app"],
  output: ["model", "storage", "app", "input"],
  shuffle: ["model", "storage", "app"],
  // Coordinator and workers meet only over the wire.
  rpc: ["model", "machine"],
  // The scheduler is pure: it has no clock, socket or file.
  "scheduler/job": ["model"],
  "scheduler/cluster": ["model", "scheduler/job"],
  "scheduler/views": ["model", "scheduler/job", "scheduler/cluster"],
  coordinator: ["model", "machine", "app", "input", "output", "rpc", ...scheduler],
  worker: ["model", "machine", "terminal", "storage", "app", "input", "output", "shuffle", "rpc"],
  local: [
    ...["model", "machine", "terminal", "storage", "app", "input", "output", "shuffle"],
    ...[...scheduler, "coordinator", "worker"],
  ],
  // Views are made of the snapshot and of the job's view, and know nothing else of the engine.
  status: ["model", "terminal"],
  // cli parses and calls.
  cli: [
    ...["model", "machine", "terminal", "storage", "app", "input", "output"],
    ...["coordinator", "worker", "local", "status"],
  ],
};

const folders = Object.keys(layers);

const layerRules = folders.map((folder, index) => {
  const climbing = layers[folder].find((imported) => !folders.slice(0, index).includes(imported));
  if (climbing !== undefined) throw new Error(`${folder} may not import ${climbing}, which is not above it`);
  const others = folders.filter((other) => other !== folder && other.startsWith(`${folder}/`));
  const within = others.length === 0 ? "" : `(?!${others.join("|").replaceAll(`${folder}/`, "")})`;
  return only(
    `layer-of-${folder.replace("/", "-")}`,
    { path: `^src/${folder}/${within}` },
    { path: "^src/", pathNot: `^src/(${[folder, ...layers[folder]].join("|")})/` },
    `It imports ${layers[folder].join(", ") || "no other folder"}: see the list of layers.`,
  );
});

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    only("no-circular", {}, { circular: true }, "A cycle has no first file to read."),
    {
      ...only("no-circular-folders", {}, { circular: true }, "A cycle has no lowest folder to begin with."),
      scope: "folder",
    },
    only(
      "not-to-unresolvable",
      { pathNot: "^bench/(peers/|apps/wc-strings)" },
      { couldNotResolve: true },
      "A missing dependency. What the benchmark compares with need not be installed, nor dist/ be built.",
    ),
    ...layerRules,
    only(
      "every-folder-has-a-layer",
      { path: "^src/[^/]+/", pathNot: `^src/(${folders.join("|")})/` },
      { path: "" },
      "A new folder needs a place in the list of layers.",
    ),
    only(
      "scheduler-is-pure",
      { path: "^src/scheduler/" },
      { pathNot: "^src/(scheduler|model)/" },
      "Nor does the scheduler import modules of Node.js or packages.",
    ),
    only(
      "model-is-portable",
      { path: "^src/model/" },
      { dependencyTypes: ["core"] },
      "The status page, which runs in a browser, shares its types.",
    ),
    only(
      "loading-an-app-runs-its-code",
      { path: "^src/(cli|coordinator|input|output|rpc|status)/" },
      { path: "^src/app/load", dependencyTypesNot: ["type-only"] },
      "Only worker and local load apps.",
    ),
    only(
      "the-page-runs-in-a-browser",
      { path: "^src/status/page/" },
      { pathNot: "^src/status/page/", dependencyTypesNot: ["type-only"] },
      "There is no Node.js.",
    ),
    only(
      "apps-use-the-public-door",
      { path: "^((bench/)?apps|examples)/" },
      { path: "^src/", pathNot: "^src/index" },
      "Bundled apps and examples are written as a user would write them.",
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
