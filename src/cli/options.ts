/** The options that several commands share, each in one place: flags, help text, parser, default. */
import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { collectorBytesFor, mebibytes, workersDefault } from "../machine/budget.js";
import { outputFormats } from "../output/output-format.js";
import { runtimePath } from "../rpc/runtime-directory.js";
import {
  address,
  appended,
  duration,
  nameValue,
  onOrOff,
  pathNotDash,
  percentage,
  size,
  wholeNumber,
} from "./values.js";

/** Beyond this a job would be files and nothing else: each map task may write one for each partition. */
const reducerCountMax = 10_000;
export const reducersDefault = 10;

export const reducers = () =>
  new Option(
    "-r, --reducers <n>",
    "number of reduce tasks, and so of output files; 0: nothing is reduced, and each map task writes what it emits",
  )
    .argParser(wholeNumber(0, reducerCountMax))
    .default(reducersDefault);

export const partitioner = () =>
  new Option(
    "--partitioner <hash|range>",
    "how keys are spread over the output files; with range the files, one after the other, are sorted throughout",
  )
    .choices(["hash", "range"])
    .default("hash" as const);

export const socket = () =>
  new Option("-s, --socket <path>", "Unix socket at which coordinator and workers meet")
    .argParser(pathNotDash("a socket has a path in the file system"))
    .default(runtimePath(".sock"));

export const arg = () =>
  new Option("--arg <name=value>", "a value for the app, as ctx.args.name; may be repeated").argParser(nameValue);

export const file = () =>
  new Option(
    "--file <path[#name]>",
    "a file that the app may read, at ctx.file(name); without #name by its own name; may be repeated",
  ).argParser(appended);

export const outputDirectory = (directory: string, description?: string) =>
  new Option("-o, --output-dir <dir>", "directory for intermediate and output files")
    .argParser(pathNotDash("a job writes a directory of files; name one, and mr cat prints it when the job is done"))
    .default(directory, description);

export const outputFormat = () =>
  new Option(
    "--output-format <format>",
    "what output files are: key value as text, tsv, jsonl, or csv with a header (default: text, or the app's own writer)",
  ).choices(outputFormats);

export const compress = () =>
  new Option(
    "--compress <method>",
    "compress the output files; none: do not, whatever a config file says (default: none)",
  ).choices(["gz", "none"] as const);

export const taskTimeout = () =>
  new Option(
    "--task-timeout <duration>",
    "silence after which a worker is presumed dead; time after which a slow task gets a backup attempt",
  )
    .argParser(duration)
    .default(10_000, "10s");

/** The default is decided where the inputs are known. */
export const splitSize = (isShorter: boolean) =>
  new Option(
    "--split-size <size>",
    'how long a split of a file is at most, for apps with input "text", "lines", "jsonl" or "pairs" ' +
      `(default: 64MiB${isShorter ? ", less when that would leave workers idle" : ""})`,
  ).argParser(size("1KiB", "1TiB"));

export const sample = () =>
  new Option(
    "--sample <percentage>",
    "map only a part of the inputs: so much of each split, or of files that are not cut, so many",
  ).argParser(percentage);

/** Where the number of workers is known, the default is decided once more: see `memoryOf`. */
export const memory = (workers = workersDefault().workers) =>
  new Option("--memory <size>", "memory for the pairs of a map task; what is more is sorted and kept on disk meanwhile")
    .argParser(size("1MiB", "1GiB"))
    .default(collectorBytesFor(workers), mebibytes(collectorBytesFor(workers)));

export const connectTimeout = () =>
  new Option("--connect-timeout <duration>", "how long to wait for a coordinator that is not up yet")
    .argParser(duration)
    .default(30_000, "30s");

export const reconnectTimeout = () =>
  new Option("--reconnect-timeout <duration>", "how long to wait for a coordinator that was lost to come back")
    .argParser(duration)
    .default(10_000, "10s");

export const maxAttempts = () =>
  new Option("--max-attempts <n>", "errors thrown by the app that one task may have before the job fails")
    .argParser(wholeNumber(1, 1000))
    .default(4);

export const maxCrashes = () =>
  new Option("--max-crashes <n>", "crashes of thread or process that one task may have before the job fails")
    .argParser(wholeNumber(1, 1_000_000))
    .default(20);

export const attemptTimeout = () =>
  new Option(
    "--attempt-timeout <duration>",
    "end an attempt that finishes no record for so long, such as one in an endless loop (default: none)",
  ).argParser(duration);

export const backupTasks = () =>
  new Option("--backup-tasks <on|off>", "whether a slow task gets a backup attempt on an idle worker")
    .argParser(onOrOff)
    .default(true, "on");

export const skipBadRecords = () =>
  new Option("--skip-bad-records <n>", "leave out up to n records at which two attempts have ended")
    .argParser(wholeNumber(0, 1_000_000))
    .default(0);

export const step = () =>
  new Option(
    "--step <n>",
    "of an app that exports steps, only this one, from 1; from the second on, its input are pairs (JSON Lines)",
  ).argParser(wholeNumber(1, 1_000_000));

export const inspect = () =>
  new Option(
    "--inspect [host:port]",
    "wait for a debugger at =host:port, which then stops where the app is called first",
  )
    .argParser(address("127.0.0.1", 9229))
    .preset("127.0.0.1:9229");

export const cpuProf = () =>
  new Option(
    "--cpu-prof [dir]",
    "write a CPU profile of each attempt of a task, for Chrome or VS Code, to =dir (the output directory)",
  ).argParser((text: string) =>
    text === "" ? (true as const) : resolve(pathNotDash("profiles are files in a directory")(text)),
  ); // With no directory, that of the job.

export const javascript = () => new Option("--javascript", "make it in JavaScript, not in TypeScript");

export const keepIntermediate = () =>
  new Option("--keep-intermediate", "leave the mr-X-Y files; when the job fails, all that --resume needs to go on");

export const resume = () =>
  new Option(
    "--resume [=auto]",
    "go on with the job that was interrupted in the output directory; what is done is not run again; " +
      "with =auto: begin a new job when there is none, or it was another one",
  ).argParser((text: string) => {
    if (text === "" || text === "auto") return text === "" ? (true as const) : text;
    throw new InvalidArgumentError("It is --resume or --resume=auto.");
  });

export const dryRun = () =>
  new Option(
    "--dry-run",
    "only show how the job would be cut into tasks; no worker is started, and nothing is written",
  );

export const drainTimeout = () =>
  new Option("--drain-timeout <duration>", "how long, after SIGTERM, the tasks that run may take to finish")
    .argParser(duration)
    .default(10_000, "10s");

/** Also that of a name, such as `localhost`. */
const hostPattern = /^[\w.:-]{1,253}$/;

export const statusPort = () =>
  new Option(
    "--status-port <n>",
    "show the job on a page at http://127.0.0.1:<n>/ while it runs; 0 for any port that is free",
  ).argParser(wholeNumber(0, 65_535));

export const statusHost = () =>
  new Option("--status-host <address>", "where --status-port listens; with another one, anybody can see the job")
    .argParser((text) => {
      if (hostPattern.test(text)) return text;
      throw new InvalidArgumentError("It must be an address or a host name, such as 127.0.0.1 or 0.0.0.0.");
    })
    .default("127.0.0.1");

export const trace = () =>
  new Option(
    "--trace <file>",
    "write what happened when to this file, for https://ui.perfetto.dev or chrome://tracing, also when the job fails",
  ).argParser(pathNotDash("a trace is a file; name one, or print it with mr report --trace - when the job is done"));

export const quiet = () => new Option("-q, --quiet", "say nothing but errors, and warnings about inputs and outputs");

export const json = () => new Option("--json", "print a report as JSON on standard output at the end");

export const debug = () => new Option("--debug", "show stack traces");

export const workers = () => {
  const { workers, reason } = workersDefault();
  return new Option(
    "-w, --workers <n>",
    "number of worker processes; the default heeds the CPU and memory limits of a container",
  )
    .argParser(wholeNumber(1, 1000))
    .default(workers, `${workers}, ${reason}`);
};
