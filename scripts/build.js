// Builds dist/ from src/ and apps/. Plain JavaScript, since `npm ci` runs it before anything is built.
//
// Each program becomes a file or a few, with the packages it needs in it: to find, read and link a hundred small modules
// takes Node.js longer than to run them, in each process and thread of a job. Nothing is minified, so that stacks can be
// read.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeNotices } from "./notices.js";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const { bin, dependencies } = JSON.parse(readFileSync("package.json", "utf8"));

/** For each array files of their own: what runs in one process or thread, and shares none with another. */
const programs = [
  ["src/cli/mr.ts", "src/cli/mr-coordinator.ts", "src/cli/mr-worker.ts"],
  ["src/local/worker-child.ts"],
  ["src/worker/executor.ts"],
  ["src/index.ts"],
];

// Built beside and put in place whole: what does not compile leaves the last build as it was.
const fresh = `dist-${process.pid}`;
try {
  declareTypes();
  const shared = { format: "esm", platform: "node", target: "node20.19", logLevel: "warning", metafile: true };
  const packed = await Promise.all(
    programs.map((entryPoints) =>
      build({
        ...shared,
        entryPoints,
        outdir: `${fresh}/src`,
        outbase: "src",
        bundle: true,
        external: Object.keys(dependencies),
        // What a command needs is loaded when that command runs.
        splitting: entryPoints.length > 1,
        // As deep as the sources, which find other files by paths relative to their own.
        chunkNames: "shared/[name]-[hash]",
        // Packages in CommonJS ask for Node's own modules by `require`.
        banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
      }),
    ),
  );
  await build({ ...shared, entryPoints: ["apps/**/*.ts"], outdir: `${fresh}/apps`, outbase: "apps" });
  writeNotices(
    packed.flatMap(({ metafile }) => Object.keys(metafile.inputs)),
    `${fresh}/NOTICES.txt`,
  );
} catch (error) {
  rmSync(fresh, { recursive: true, force: true });
  // What does not compile has been told already.
  if (!("errors" in error)) console.error(error.message);
  process.exit(1);
}
if (existsSync("dist")) renameSync("dist", `${fresh}-old`);
renameSync(fresh, "dist");
rmSync(`${fresh}-old`, { recursive: true, force: true });
for (const program of Object.values(bin)) chmodSync(program, 0o755);

/** Checks all types, and writes those that the author of an app sees. */
function declareTypes() {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const options = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", fresh];
  const { status } = spawnSync(process.execPath, [tsc, ...options], { stdio: "inherit" });
  if (status !== 0) throw new Error("the types are not right");
}
