import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

interface OwnPackage {
  /** Absolute, without symbolic links. */
  readonly directory: string;
  readonly name: string;
  readonly version: string;
}

/** How another package can depend on this one. */
export interface Dependency {
  /** The version in the other package's package.json. */
  readonly spec: string;
  /** The command that installs all dependencies. */
  readonly install: string;
}

/**
 * How a package in `directory` can depend on this one. A registry may not have this package, so the dependency uses the
 * source that this package was installed from: the checkout; the tarball or registry, as npm recorded it; or, for a global
 * installation, which npm does not record, a link to the installed package.
 */
export function dependencyOn(own: OwnPackage, directory: string): Dependency {
  const { name, version } = own;
  const modules = dirname(own.directory);
  const install = "npm install";
  if (basename(modules) !== "node_modules") return { spec: fileSpec(directory, own.directory), install };
  const published = `^${version}`;
  if (basename(dirname(modules)) === "lib") return { spec: published, install: `npm link ${name}` };
  const from = sourceOf(own, modules);
  const file = from?.startsWith("file:") === true ? resolve(dirname(modules), from.slice("file:".length)) : undefined;
  if (file !== undefined && existsSync(file)) return { spec: fileSpec(directory, file), install };
  const isOther = from !== undefined && file === undefined && !from.includes(`/${name}/-/`);
  return { spec: isOther ? from : published, install };
}

/** As npm writes it. */
function fileSpec(directory: string, path: string): string {
  return `file:${relative(resolve(directory), path)}`;
}

/** Where npm got the package: a URL of a registry or elsewhere, or a path relative to the directory that has `modules`. */
function sourceOf({ name }: OwnPackage, modules: string): string | undefined {
  const path = join(modules, ".package-lock.json");
  if (!existsSync(path)) return undefined;
  const { packages = {} } = JSON.parse(readFileSync(path, "utf8")) as {
    packages?: Record<string, { resolved?: string }>;
  };
  return packages[`node_modules/${name}`]?.resolved;
}
