/** `npm run bench`: see README.md beside it, and `npm run bench -- --help`. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { buildIfStale } from "./build-if-stale.js";
import { provide } from "./data/data-set.js";
import { faultsOf } from "./measure/faults.js";
import { measureWorkload, runOnceEach, type MeasureOptions } from "./measure/measure-workload.js";
import { parseOptions } from "./options.js";
import { makeEnvironment } from "./peers/environment.js";
import { findPeers, peers } from "./peers/peers.js";
import { describeMachine } from "./report/machine.js";
import { Progress } from "./report/progress.js";
import { renderResults } from "./report/results.js";
import type { WorkloadResult } from "./report/workload-result.js";
import { workloads } from "./workloads/all.js";
import type { Workload } from "./workloads/workload.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const options = parseOptions();
const { runs, timeout: timeoutMs, only = workloads } = options;
const scale = options.check === true ? 0.01 : options.scale;
const isWhole = only.length === workloads.length && scale === 1 && runs >= 5;

const progress = new Progress(
  only.map(({ minutes }) => minutes),
  scale,
);
const interrupted = new AbortController();
for (const [name, exitCode] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const]) {
  // Once: a second signal ends the process immediately.
  process.once(name, () => {
    process.exitCode = exitCode;
    interrupted.abort(new Error(`stopped by ${name}`));
  });
}
const { signal } = interrupted;
const work = resolve(options.data, `work-${process.pid}`);

try {
  buildIfStale(root);
  await removeAbandonedWork();
  await mkdir(join(work, "machine"), { recursive: true });
  await main();
} catch (error) {
  if (!signal.aborted) throw error;
  say(`${(error as Error).message}; complete data remain in ${options.data}`);
} finally {
  await rm(work, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const environment = await makeEnvironment(work);
  const found = await findPeers(environment);
  for (const [name, what] of found) {
    const { title, install } = peers[name];
    say("version" in what ? `${title} ${what.version}` : `${title} is not measured: ${what.lacks}\n    ${install}`);
  }
  if (options.list === true) {
    for (const { name, title } of workloads) console.log(`${name.padEnd(16)} ${title}`);
    return;
  }
  if (options.check === true) {
    await check(environment, found);
    return;
  }
  const machine = await describeMachine(join(work, "machine"), environment, signal);
  const results: WorkloadResult[] = [];
  for (const workload of only) {
    say(`${workload.name}: ${progress.beginWorkload()}`);
    results.push(await measure(workload, environment, found));
  }
  say(progress.elapsed());
  const notes = await readFile(join(root, "bench/notes.md"), "utf8");
  const report = { date: new Date(), machine, found, runs, scale, workloads: results, notes };
  await publish(await format(renderResults(report), { parser: "markdown", printWidth: 120 }));
}

/** Runs every program of each workload once and compares the outputs. Sets the exit code if anything is wrong. */
async function check(environment: NodeJS.ProcessEnv, found: FoundPeers): Promise<void> {
  for (const workload of only) {
    const { contenders, measureOptions } = await prepare(workload, environment, found);
    const results = await runOnceEach(workload, contenders, measureOptions);
    for (const { contender, verdict } of results) console.log(`${workload.name}: ${contender.name}: ${verdict}`);
    for (const fault of faultsOf(results)) {
      process.exitCode = 1;
      console.log(`${workload.name}: ${fault}`);
    }
  }
  console.log(process.exitCode === undefined ? "PASSED ALL WORKLOADS" : "FAILED SOME WORKLOADS");
}

type FoundPeers = Awaited<ReturnType<typeof findPeers>>;

async function measure(workload: Workload, environment: NodeJS.ProcessEnv, found: FoundPeers): Promise<WorkloadResult> {
  const { contenders, lacking, measureOptions } = await prepare(workload, environment, found);
  return { workload, results: await measureWorkload(workload, contenders, measureOptions), lacking };
}

/** Makes the data of a workload, and finds out which of its programs can run. */
async function prepare(workload: Workload, environment: NodeJS.ProcessEnv, found: FoundPeers) {
  const all = workload.contenders(scale);
  const present = all.filter(({ peer }) => "version" in (found.get(peer) ?? {}));
  const lacking = all.filter((contender) => !present.includes(contender)).map(({ name }) => name);
  const directories = new Map<string, string>();
  for (const { data } of present) {
    if (directories.has(data.name)) continue;
    const { directory, made } = await provide(data, options.data, signal);
    say(`${workload.name}: data: ${data.about}: ${made ? "made" : "reused"} (${directory})`);
    directories.set(data.name, directory);
  }
  const dataDirectory = ({ data }: (typeof all)[number]): string => resolve(directories.get(data.name) ?? "");
  const measureOptions: MeasureOptions = { runs, timeoutMs, work, environment, dataDirectory, signal, progress: say };
  return { contenders: present, lacking, measureOptions };
}

/** Removes what a killed run left behind. */
async function removeAbandonedWork(): Promise<void> {
  await mkdir(options.data, { recursive: true });
  for (const name of await readdir(options.data)) {
    const pid = /^work-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rm(join(options.data, name), { recursive: true });
  }
}

async function publish(text: string): Promise<void> {
  const file = options.out ?? (isWhole ? join(root, "bench/RESULTS.md") : undefined);
  if (!options.write || file === undefined) {
    console.log(text);
    return;
  }
  await writeFile(file, text);
  say(`results are in ${file}`);
}

function say(text: string): void {
  console.error(`${new Date().toTimeString().slice(0, 8)} ${text}`);
}
