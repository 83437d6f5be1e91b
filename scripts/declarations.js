import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import typescript from "typescript";

/**
 * Checks all types, and writes the declarations that app authors see: `src/index.d.ts` and its imports. There are no
 * others in the package, and they stand in folders of ES modules: the folders of the programs are CommonJS in the build,
 * and declarations there cannot import from ES modules.
 */
export function declareTypes(directory) {
  const all = `${directory}-types`;
  try {
    const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
    const options = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", all];
    const { status } = spawnSync(process.execPath, [tsc, ...options], { stdio: "inherit" });
    if (status !== 0) throw new Error("the types are not right");
    for (const path of reachableFrom(join(all, "src/index.d.ts"))) cpSync(path, join(directory, relative(all, path)));
  } finally {
    rmSync(all, { recursive: true, force: true });
  }
}

/** A declaration file with all its direct and indirect imports. */
function reachableFrom(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  const { importedFiles } = typescript.preProcessFile(readFileSync(path, "utf8"));
  for (const { fileName } of importedFiles) {
    if (fileName.startsWith(".")) reachableFrom(join(dirname(path), fileName.replace(/\.js$/, ".d.ts")), found);
  }
  return found;
}
