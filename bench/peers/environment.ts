import { mkdir, symlink, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * What npm tells its scripts about itself is no business of those that are measured; and Node reads the certificates of
 * `NODE_EXTRA_CA_CERTS` before it does anything else, which would be added to the time of each of its processes.
 */
const notInherited = /^npm_|^NODE_OPTIONS$|^NODE_EXTRA_CA_CERTS$/;

/**
 * The environment of all commands: `mr` is the one of this checkout, Python that of `bench/.venv` where there is one,
 * `$BENCH` this directory, and letters are bytes, which is the fastest for the tools of the shell.
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
