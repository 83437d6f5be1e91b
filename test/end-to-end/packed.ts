import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./programs.js";

/**
 * Packs the npm package as it was built into a directory, and returns the path of the tarball. It is not built again, which
 * would pull it out from under other tests.
 */
export async function packInto(directory: string): Promise<string> {
  const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", directory];
  const { stdout } = await promisify(execFile)("npm", args, { cwd: root });
  return join(directory, stdout.trim());
}
