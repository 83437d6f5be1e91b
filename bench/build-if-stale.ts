import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Builds `dist/` when a source is newer, so that the benchmark measures the current source. */
export function buildIfStale(root: string): void {
  const built = statSync(join(root, "dist/src/cli/mr.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ["src", "apps"].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: "utf8" }).map((name) =>
      join(root, directory, name),
    ),
  );
  if (sources.every((path) => statSync(path).mtimeMs <= built)) return;
  execFileSync("npm", ["run", "build"], { cwd: root, stdio: ["ignore", process.stderr, process.stderr] });
}
