/**
 * Reads what the control groups of Linux grant to this process, which in a container is less than the machine has.
 *
 * Both versions are read. Version 2 has one tree for all controllers, and version 1 one for each; a machine may have
 * both. A limit applies to all groups below, so the lowest limit on the way up to the root counts. A container sees
 * only a part of the tree: through its own namespace, or a mount whose root is the container's group. Higher limits are
 * invisible.
 *
 * Formats: https://docs.kernel.org/admin-guide/cgroup-v2.html,
 * https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, https://docs.kernel.org/scheduler/sched-bwc.html, and
 * cgroups(7), proc(5).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The limits of the groups; undefined for a resource without a limit. */
export interface GroupLimits {
  /** The CPU quota in cores, such as 0.5. */
  readonly cpus: number | undefined;
  readonly memoryBytes: number | undefined;
  /** The file with the statistics of the group that limits the memory. */
  readonly memoryStatistics: string | undefined;
}

/** A mounted tree of groups. */
interface Tree {
  /** The group that the mount shows. */
  readonly root: string;
  readonly mountPoint: string;
  /** Undefined for version 2, whose tree has every controller. */
  readonly controllers: readonly string[] | undefined;
}

/** More than any machine has: version 1 expresses "no limit" in this way. */
const memoryBytesMax = 2 ** 60;

/** Reads the limits below `root`; tests pass another directory. Never throws: an unreadable file sets no limit. */
export function readGroupLimits(root = "/"): GroupLimits {
  const own = read(join(root, "proc/self/cgroup"));
  const mounts = read(join(root, "proc/self/mountinfo"));
  const limits: Limits = { cpus: Infinity, memoryBytes: memoryBytesMax, memoryStatistics: undefined };
  const groups = (own ?? "").split("\n").map(groupOf);
  for (const tree of (mounts ?? "").split("\n").map(treeOf)) {
    if (tree === undefined) continue;
    const { controllers } = tree;
    const group = groups.find((each) => each !== undefined && isOfTree(each.controllers, controllers));
    if (group === undefined) continue;
    for (const name of directoriesUpFrom(group.path, tree)) {
      const directory = join(root, name);
      const has = (controller: string) => controllers === undefined || controllers.includes(controller);
      if (has("cpu")) lowerCpus(limits, directory);
      if (has("memory")) lowerMemory(limits, directory);
    }
  }
  return {
    cpus: limits.cpus === Infinity ? undefined : limits.cpus,
    memoryBytes: limits.memoryBytes === memoryBytesMax ? undefined : limits.memoryBytes,
    memoryStatistics: limits.memoryStatistics,
  };
}

/** The lowest limits up to now. */
interface Limits {
  cpus: number;
  memoryBytes: number;
  memoryStatistics: string | undefined;
}

/**
 * Version 2 has `50000 100000` or `max 100000`: microseconds per period in microseconds. Version 1 has two files, and
 * -1 for no limit.
 */
function lowerCpus(limits: Limits, directory: string): void {
  const [quota, period] = read(join(directory, "cpu.max"))?.split(" ") ?? [
    read(join(directory, "cpu.cfs_quota_us")),
    read(join(directory, "cpu.cfs_period_us")),
  ];
  const cpus = Number(quota ?? NaN) / Number(period ?? NaN);
  if (cpus > 0 && cpus < limits.cpus) limits.cpus = cpus;
}

/** In bytes, or `max`. */
function lowerMemory(limits: Limits, directory: string): void {
  const text = read(join(directory, "memory.max")) ?? read(join(directory, "memory.limit_in_bytes"));
  const bytes = Number(text ?? NaN);
  if (!(bytes > 0 && bytes < limits.memoryBytes)) return;
  limits.memoryBytes = bytes;
  limits.memoryStatistics = join(directory, "memory.stat");
}

/**
 * How much memory of a group the system cannot reclaim, in bytes, from its statistics file. Undefined when that is
 * unreadable.
 */
export function usedMemoryBytes(statistics: string): number | undefined {
  // Version 1 has both a group's own usage and the total with the groups below it.
  const [, bytes] = /^(?:total_rss|anon) (\d+)$/m.exec(read(statistics) ?? "") ?? [];
  return bytes === undefined ? undefined : Number(bytes);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Parses a line of `/proc/self/cgroup`: `4:memory:/docker/1a2b`, or for version 2 `0::/docker/1a2b`. */
function groupOf(line: string): { readonly controllers: readonly string[]; readonly path: string } | undefined {
  const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
  if (controllers === undefined || path === undefined) return undefined;
  return { controllers: controllers.split(",").filter((name) => name !== ""), path };
}

/**
 * Parses a line of `/proc/self/mountinfo`, if it is a tree of groups:
 * `35 31 0:32 /docker/1a2b /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory`.
 */
function treeOf(line: string): Tree | undefined {
  const [, root, mountPoint, type, options] = /^\S+ \S+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$/.exec(line) ?? [];
  if (root === undefined || mountPoint === undefined) return undefined;
  return {
    root: unescaped(root),
    mountPoint: unescaped(mountPoint),
    controllers: type === "cgroup2" ? undefined : options?.split(","),
  };
}

/** Decodes spaces and similar characters in paths, which are octal there. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

function isOfTree(ofGroup: readonly string[], ofTree: readonly string[] | undefined): boolean {
  return ofTree === undefined ? ofGroup.length === 0 : ofGroup.some((name) => ofTree.includes(name));
}

/** The visible directories of a group and its parents. */
function directoriesUpFrom(path: string, { root, mountPoint }: Tree): string[] {
  const isBelow = root === "/" || path === root || path.startsWith(`${root}/`);
  // For a group outside the mounted tree, the mount is the nearest visible directory.
  const inTree = isBelow ? path.slice(root === "/" ? 0 : root.length) : "";
  const names = inTree.split("/").filter((name) => name !== "");
  if (names.includes("..")) return [mountPoint];
  return Array.from({ length: names.length + 1 }, (_, count) => join(mountPoint, ...names.slice(0, count)));
}
