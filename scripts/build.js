// Builds dist/ from src/ and apps/. Plain JavaScript, since `npm ci` runs it before anything is built.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

// Built beside and put in place whole: what does not compile leaves the last build as it was.
const fresh = `dist-${process.pid}`;
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", fresh], {
  stdio: "inherit",
});
if (status !== 0) {
  rmSync(fresh, { recursive: true, force: true });
  process.exit(status ?? 1);
}
if (existsSync("dist")) renameSync("dist", `${fresh}-old`);
renameSync(fresh, "dist");
rmSync(`${fresh}-old`, { recursive: true, force: true });
for (const program of Object.values(JSON.parse(readFileSync("package.json", "utf8")).bin)) chmodSync(program, 0o755);
