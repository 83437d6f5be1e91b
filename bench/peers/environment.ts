import { mkdir, symlink, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Variables that npm sets for its scripts do not concern the measured programs. And Node reads the certificates of
 * `NODE_EXTRA_CA_CERTS` before it does anything else, which would add to the time of each Node process.
 */
const notInherited = /^npm_|^NODE_OPTIONS$|^NODE_EXTRA_CA_CERTS$/;

/**
 * The environment of all commands: `mr` is this checkout's, Python the one of `bench/.venv` if that exists, `$BENCH`
 * this directory, and letters are bytes, which is fastest for the shell tools.
 */
export async function makeEnvironment(work: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(work, "bin");
  await mkdir(bin, { recursive: true });
  await rm(join(bin, "mr"), { force: true });
  await symlink(join(root, "dist/src/cli/mr.js"), join(bin, "mr"));
  const path = [bin, join(root, "bench/.venv/bin"), process.env["PATH"]].join(delimiter);
  const inherited = Object.entries(process.env).filter(([name]) => !notInherited.test(name));
  return { ...Object.fromEntries(inherited), PATH: path, BENCH: join(root, "bench"), LC_ALL: "C.UTF-8" };
}
