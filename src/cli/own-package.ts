import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

interface OwnPackage {
  /** Absolute, without symbolic links. */
  readonly directory: string;
  readonly name: string;
  readonly version: string;
}

/** How another package comes to have this one. */
export interface Dependency {
  /** What stands for the version in its package.json. */
  readonly spec: string;
  /** The command that installs all that it needs. */
  readonly install: string;
}

/**
 * How a package in `directory` can depend on this one: in the way in which this one came here itself, since nobody knows
 * whether a registry has it. That is the checkout that it is; the tarball or the registry which it was installed from, as npm
 * has noted it beside; or, installed globally, where npm notes nothing, what is there.
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

/** Where npm has it from: the address of a registry's file or of another, or a path from the directory around `modules`. */
function sourceOf({ name }: OwnPackage, modules: string): string | undefined {
  const path = join(modules, ".package-lock.json");
  if (!existsSync(path)) return undefined;
  const { packages = {} } = JSON.parse(readFileSync(path, "utf8")) as {
    packages?: Record<string, { resolved?: string }>;
  };
  return packages[`node_modules/${name}`]?.resolved;
}
