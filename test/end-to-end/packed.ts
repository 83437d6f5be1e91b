import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./programs.js";

/**
 * Packs the built npm package into a directory, and returns the path of the tarball. It does not rebuild the package,
 * which would disturb other tests.
 */
export async function packInto(directory: string): Promise<string> {
  const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", directory];
  const { stdout } = await promisify(execFile)("npm", args, { cwd: root });
  return join(directory, stdout.trim());
}
