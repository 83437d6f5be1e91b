import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A program that the benchmark measures. */
interface Peer {
  readonly title: string;
  /** A shell command that prints its version, and fails if the program is absent or does not work. */
  readonly version: string;
  /** How to install it. */
  readonly install: string;
}

const python = (module: string): string => `python3 -c 'import ${module}; print(${module}.__version__)'`;
const npmPackage = (name: string): string =>
  `node -p 'require(process.env.BENCH + "/node_modules/${name}/package.json").version'`;
const venv = (packages: string): string => `python3 -m venv bench/.venv && bench/.venv/bin/pip install ${packages}`;

/** All programs, by the names that contenders use. */
export const peers = {
  mr: { title: "mapreduce-ts", version: "mr --version", install: "npm run build" },
  node: { title: "Node.js", version: "node -p process.versions.node", install: "npm run build" },
  mawk: {
    title: "mawk",
    version: "mawk -W version 2>&1 | sed -n 's/^mawk //; s/,.*//; 1p'",
    install: "apt install mawk",
  },
  jq: { title: "jq", version: "jq --version | sed 's/^jq-//'", install: "apt install jq" },
  parallel: {
    title: "GNU parallel",
    version: "mawk -W version >/dev/null 2>&1; parallel --version | sed -n '1s/^GNU parallel //p'",
    install: "apt install parallel mawk",
  },
  sort: {
    title: "GNU sort",
    version: "sort --version | sed -n '1s/.*) //p'",
    install: "apt install coreutils",
  },
  grep: { title: "GNU grep", version: "grep --version | sed -n '1s/.*) //p'", install: "apt install grep" },
  duckdb: { title: "DuckDB", version: npmPackage("@duckdb/node-api"), install: "npm ci --prefix bench" },
  skale: { title: "skale", version: npmPackage("skale"), install: "npm ci --prefix bench" },
  mrjob: { title: "mrjob", version: python("mrjob"), install: venv("mrjob setuptools") },
  pyspark: {
    title: "PySpark",
    version: `java -version 2>&1 && ${python("pyspark")}`,
    install: `${venv("pyspark")} && apt install openjdk-17-jre-headless`,
  },
} as const satisfies Readonly<Record<string, Peer>>;

export type PeerName = keyof typeof peers;

/** The result of looking for a peer: its version, or why it cannot be measured. */
export type Found = { readonly version: string } | { readonly lacks: string };

/** Looks for all peers. */
export async function findPeers(environment: NodeJS.ProcessEnv): Promise<ReadonlyMap<PeerName, Found>> {
  const names = Object.keys(peers) as PeerName[];
  return new Map(await Promise.all(names.map(async (name) => [name, await find(peers[name], environment)] as const)));
}

async function find({ version }: Peer, env: NodeJS.ProcessEnv): Promise<Found> {
  try {
    const { stdout } = await promisify(execFile)("bash", ["--norc", "-o", "pipefail", "-ec", version], { env });
    return { version: stdout.trim().split("\n").at(-1) ?? "" };
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? "";
    const lines = said.trim().split("\n");
    return { lacks: /not found|No module|Cannot find module/.test(said) ? "not installed" : (lines.at(-1) ?? "fails") };
  }
}
