import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readGroupLimits, usedMemoryBytes } from "../../src/machine/cgroup.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const GiB = 2 ** 30;
const unlimitedV1 = "9223372036854771712\n";

/** The files of a machine, as seen by the process. */
type Layout = Readonly<Record<string, string>>;

const mountV2 = (root = "/", mountPoint = "/sys/fs/cgroup") =>
  `25 30 0:23 / /proc rw - proc proc rw\n31 23 0:28 ${root} ${mountPoint} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n`;
const mountV1 = (controllers: string, root = "/", name = controllers) =>
  `33 31 0:30 ${root} /sys/fs/cgroup/${name} rw,relatime master:11 - cgroup cgroup rw,${controllers}\n`;

const layouts: readonly [name: string, layout: Layout, cpus: number | undefined, memoryBytes: number | undefined][] = [
  ["a system that has no groups", {}, undefined, undefined],
  [
    "groups that limit nothing, version 2",
    {
      "proc/self/cgroup": "0::/user.slice/session-1.scope\n",
      "proc/self/mountinfo": mountV2(),
      "sys/fs/cgroup/user.slice/cpu.max": "max 100000\n",
      "sys/fs/cgroup/user.slice/memory.max": "max\n",
    },
    undefined,
    undefined,
  ],
  [
    "Docker with version 2 and a namespace of its own",
    {
      "proc/self/cgroup": "0::/\n",
      "proc/self/mountinfo": mountV2(),
      "sys/fs/cgroup/cpu.max": "50000 100000\n",
      "sys/fs/cgroup/memory.max": `${GiB / 4}\n`,
    },
    0.5,
    GiB / 4,
  ],
  [
    "Docker with version 2 and the namespace of the host",
    {
      "proc/self/cgroup": "0::/system.slice/docker-1a2b.scope\n",
      "proc/self/mountinfo": mountV2("/system.slice/docker-1a2b.scope"),
      "sys/fs/cgroup/cpu.max": "150000 100000\n",
      "sys/fs/cgroup/memory.max": `${GiB}\n`,
    },
    1.5,
    GiB,
  ],
  [
    "Docker with version 1",
    {
      "proc/self/cgroup": "12:memory:/docker/1a2b\n4:cpu,cpuacct:/docker/1a2b\n1:name=systemd:/docker/1a2b\n",
      "proc/self/mountinfo":
        mountV1("memory", "/docker/1a2b") + mountV1("cpu,cpuacct", "/docker/1a2b") + mountV1("cpuset", "/docker/1a2b"),
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": `${2 * GiB}\n`,
    },
    2,
    2 * GiB,
  ],
  [
    "version 1 without limits",
    {
      "proc/self/cgroup": "4:memory:/\n1:cpu:/\n",
      "proc/self/mountinfo": mountV1("memory") + mountV1("cpu"),
      "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": unlimitedV1,
    },
    undefined,
    undefined,
  ],
  [
    "a slice of systemd, in which a group further up has the lower limit",
    {
      "proc/self/cgroup": "0::/batch.slice/batch-night.slice/job.service\n",
      "proc/self/mountinfo": mountV2(),
      "sys/fs/cgroup/batch.slice/cpu.max": "100000 100000\n",
      "sys/fs/cgroup/batch.slice/memory.max": "max\n",
      "sys/fs/cgroup/batch.slice/batch-night.slice/cpu.max": "max 100000\n",
      "sys/fs/cgroup/batch.slice/batch-night.slice/memory.max": `${GiB / 2}\n`,
      "sys/fs/cgroup/batch.slice/batch-night.slice/job.service/cpu.max": "400000 100000\n",
      "sys/fs/cgroup/batch.slice/batch-night.slice/job.service/memory.max": `${8 * GiB}\n`,
    },
    1,
    GiB / 2,
  ],
  [
    "Kubernetes with version 2, whose pod has the lower limit",
    {
      "proc/self/cgroup": "0::/kubepods.slice/kubepods-pod7.slice/cri-containerd-9.scope\n",
      "proc/self/mountinfo": mountV2("/kubepods.slice"),
      "sys/fs/cgroup/kubepods-pod7.slice/cpu.max": "250000 100000\n",
      "sys/fs/cgroup/kubepods-pod7.slice/memory.max": `${GiB}\n`,
      "sys/fs/cgroup/kubepods-pod7.slice/cri-containerd-9.scope/cpu.max": "max 100000\n",
      "sys/fs/cgroup/kubepods-pod7.slice/cri-containerd-9.scope/memory.max": "max\n",
    },
    2.5,
    GiB,
  ],
  [
    "Kubernetes with version 1, which shows the tree of the container only",
    {
      "proc/self/cgroup":
        "8:cpu,cpuacct:/kubepods/burstable/pod7/9\n5:memory:/kubepods/burstable/pod7/9\n0::/system.slice\n",
      "proc/self/mountinfo":
        mountV1("cpu,cpuacct", "/kubepods/burstable/pod7/9") + mountV1("memory", "/kubepods/burstable/pod7/9"),
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "10000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": `${GiB}\n`,
    },
    0.1,
    GiB,
  ],
  [
    "a machine with both versions, the processor in one and the memory in the other",
    {
      "proc/self/cgroup": "3:cpu:/small\n0::/session\n",
      "proc/self/mountinfo": mountV1("cpu") + mountV2("/", "/sys/fs/cgroup/unified"),
      "sys/fs/cgroup/cpu/small/cpu.cfs_quota_us": "100000\n",
      "sys/fs/cgroup/cpu/small/cpu.cfs_period_us": "50000\n",
      "sys/fs/cgroup/unified/session/memory.max": `${GiB}\n`,
    },
    2,
    GiB,
  ],
  [
    "WSL, which has version 2 and no limits",
    { "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": mountV2() },
    undefined,
    undefined,
  ],
  [
    "a group outside of the namespace, of which only the root can be seen",
    {
      "proc/self/cgroup": "0::/../other\n",
      "proc/self/mountinfo": mountV2("/../.."),
      "sys/fs/cgroup/cpu.max": "100000 100000\n",
      "sys/fs/cgroup/memory.max": `${GiB}\n`,
    },
    1,
    GiB,
  ],
  [
    "a mount point with a space in its name",
    {
      "proc/self/cgroup": "0::/\n",
      "proc/self/mountinfo": mountV2("/", "/my\\040groups"),
      "my groups/cpu.max": "300000 100000\n",
    },
    3,
    undefined,
  ],
  [
    "files that hold no numbers",
    {
      "proc/self/cgroup": "rubbish\n0::/\n",
      "proc/self/mountinfo": `rubbish\n${mountV2()}`,
      "sys/fs/cgroup/cpu.max": "\n",
      "sys/fs/cgroup/memory.max": "much\n",
    },
    undefined,
    undefined,
  ],
];

function write(directory: string, layout: Layout): void {
  for (const [name, text] of Object.entries(layout)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

const files = useTemporaryDirectory();

describe("the limits of control groups", () => {
  it.each(layouts)("are found in %s", (_name, layout, cpus, memoryBytes) => {
    const directory = files.newDirectory();
    write(directory, layout);
    expect(readGroupLimits(directory)).toMatchObject({ cpus, memoryBytes });
  });

  it("come with the statistics of the group that limits the memory", () => {
    const directory = files.newDirectory();
    write(directory, {
      "proc/self/cgroup": "0::/a/b\n",
      "proc/self/mountinfo": mountV2(),
      "sys/fs/cgroup/a/memory.max": "1000000\n",
      "sys/fs/cgroup/a/memory.stat": "anon 700\nfile 9000\n",
      "sys/fs/cgroup/a/b/memory.max": "2000000\n",
    });
    const { memoryStatistics = "" } = readGroupLimits(directory);
    expect(usedMemoryBytes(memoryStatistics)).toBe(700);
    write(directory, { "v1.stat": "cache 5\nrss 6\ntotal_cache 7\ntotal_rss 800\n" });
    expect(usedMemoryBytes(join(directory, "v1.stat"))).toBe(800);
    expect(usedMemoryBytes(join(directory, "none"))).toBeUndefined();
  });
});
