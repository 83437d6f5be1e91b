// Builds dist/ from src/ and apps/. Plain JavaScript, since `npm ci` runs it before anything is built.
//
// Each program becomes one CommonJS file that includes the packages it needs: Node.js takes longer to find, read and
// link a hundred small modules than to run them, in each process and thread of a job, and its loader of ES modules has
// its price too. Each bundled app also becomes one file, an ES module. Nothing is minified, so that stacks stay
// readable.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { declareTypes } from "./declarations.js";
import { writeNotices } from "./notices.js";
import { buildStatusPage } from "./status-page.js";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { name, bin, dependencies } = JSON.parse(readFileSync("package.json", "utf8"));

/** Everything that is started as a process or a thread. */
const programs = ["cli/mr", "cli/mr-coordinator", "cli/mr-worker", "local/worker-child", "worker/executor"];

/**
 * `xz-decompress` requires "stream/web" for Node.js before 18, and an ES module cannot require. Newer versions have
 * those classes as globals, as browsers do, for which its package.json also leaves the module out.
 */
const withoutWebStreams = {
  name: "without-web-streams",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^stream\/web$/ }, ({ importer, path }) => {
      return importer.includes("xz-decompress") ? { path, namespace: "empty" } : undefined;
    });
    onLoad({ filter: /./, namespace: "empty" }, () => ({ contents: "" }));
  },
};

// Built in a directory beside dist/ and renamed as a whole, so a failed build keeps the last one.
const fresh = `dist-${process.pid}`;
try {
  declareTypes(fresh);
  const shared = { platform: "node", target: "node20.19", logLevel: "warning", metafile: true };
  const packages = { external: Object.keys(dependencies), plugins: [withoutWebStreams] };
  const bundled = { ...shared, bundle: true, ...packages, loader: { ".wasm": "binary" } };
  const packed = await Promise.all([
    ...programs.map((program) =>
      build({
        ...bundled,
        format: "cjs",
        entryPoints: [`src/${program}.ts`],
        outfile: `${fresh}/src/${program}.js`,
        banner: { js: `const importMetaUrl = require("node:url").pathToFileURL(__filename).href;` },
        define: { "import.meta.url": "importMetaUrl" },
      }),
    ),
    build({
      ...bundled,
      format: "esm",
      entryPoints: ["src/index.ts"],
      outdir: `${fresh}/src`,
      // An import that is loaded on demand gets a file of its own.
      splitting: true,
      chunkNames: "chunks/[name]-[hash]",
    }),
    // An app imports this package by its name, as users' apps do.
    build({
      ...bundled,
      external: [...bundled.external, name],
      format: "esm",
      entryPoints: ["apps/*.ts"],
      outdir: `${fresh}/apps`,
    }),
  ]);
  for (const directory of new Set(programs.map((program) => dirname(program)))) {
    writeFileSync(`${fresh}/src/${directory}/package.json`, `{ "type": "commonjs" }\n`);
  }
  mkdirSync(`${fresh}/src/status`, { recursive: true });
  await buildStatusPage(`${fresh}/src/status/page.html`);
  writeNotices(
    packed.flatMap(({ metafile }) => Object.keys(metafile.inputs)),
    `${fresh}/NOTICES.txt`,
  );
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  // Compile errors have already been reported.
  if (!("errors" in error)) console.error(error.message);
  process.exit(1);
}
if (existsSync("dist")) renameSync("dist", `${fresh}-old`);
renameSync(fresh, "dist");
rmSync(`${fresh}-old`, { recursive: true, force: true });
for (const program of Object.values(bin)) chmodSync(program, 0o755);
