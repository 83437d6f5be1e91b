/** The options that several commands share, each in one place: flags, help text, parser, default. */
import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { collectorBytesFor, mebibytes, workersDefault } from "../machine/budget.js";
import { compressionMethods, jobOptionDefaults, jobOptionParsers, partitioners } from "../local/job-option-values.js";
import { outputFormats } from "../model/output-format.js";
import { runtimePath } from "../machine/runtime-directory.js";
import { address, appended, duration, nameValue, pathNotDash, wholeNumber } from "../local/option-parsers.js";

export const reducers = () =>
  new Option(
    "-r, --reducers <n>",
    "number of reduce tasks, and of output files; 0: do not reduce, each map task writes its pairs to a file",
  )
    .argParser(jobOptionParsers.reducers)
    .default(jobOptionDefaults.reducers);

export const partitioner = () =>
  new Option(
    "--partitioner <hash|range>",
    "how to distribute keys over the output files; range: the concatenated files are sorted",
  )
    .choices(partitioners)
    .default(jobOptionDefaults.partitioner);

export const socket = () =>
  new Option("-s, --socket <path>", "Unix socket that connects coordinator and workers")
    .argParser(pathNotDash("a socket has a path in the file system"))
    .default(runtimePath(".sock"));

export const arg = () =>
  new Option("--arg <name=value>", "a value for the app, as ctx.args.name; repeatable").argParser(nameValue);

export const file = () =>
  new Option(
    "--file <path[#name]>",
    "a file for the app, at ctx.file(name); the default name is the file's own; repeatable",
  ).argParser(appended);

export const outputDirectory = (directory: string, description?: string) =>
  new Option("-o, --output-dir <dir>", "directory for intermediate and output files")
    .argParser(pathNotDash("a job writes a directory of files; name one, and mr cat prints it when the job is done"))
    .default(directory, description);

export const outputFormat = () =>
  new Option(
    "--output-format <format>",
    "format of the output files: key value as text, tsv, jsonl, or csv with a header (default: text, or the app's own writer)",
  ).choices(outputFormats);

export const values = () =>
  new Option("--values", "with --output-format jsonl: write only the values, without their keys");

export const compress = () =>
  new Option("--compress <method>", "compress the output files; none overrides a config file (default: none)").choices(
    compressionMethods,
  );

export const taskTimeout = () =>
  new Option(
    "--task-timeout <duration>",
    "presume a worker dead after this silence; give a slow task a backup attempt after this time",
  )
    .argParser(jobOptionParsers.taskTimeout)
    .default(jobOptionDefaults.taskTimeout, "10s");

/** The default depends on the inputs. */
export const splitSize = (isShorter: boolean) =>
  new Option(
    "--split-size <size>",
    'largest part of a file for one map task, for apps with input "text", "lines", "jsonl" or "pairs" ' +
      `(default: 64MiB${isShorter ? ", less if workers would be idle" : ""})`,
  ).argParser(jobOptionParsers.splitSize);

export const noGroup = () =>
  new Option(
    "--no-group",
    "give each input file a map task of its own; otherwise small files share tasks when there are many",
  );

export const sample = () =>
  new Option(
    "--sample <percentage>",
    "map only a part of the inputs: this percentage of each split, or of the files if the app reads whole files",
  ).argParser(jobOptionParsers.sample);

/** `memoryOf` recomputes the default where the number of workers is known. */
export const memory = (workers = workersDefault().workers) =>
  new Option(
    "--memory <size>",
    "memory for the pairs of a map task; beyond it, the task sorts pairs and spills them to disk",
  )
    .argParser(jobOptionParsers.memory)
    .default(collectorBytesFor(workers), mebibytes(collectorBytesFor(workers)));

export const workerMemory = () =>
  new Option(
    "--worker-memory <size>",
    "memory that one worker process may use; beyond it, the attempt fails and the app's thread is replaced (default: no limit)",
  ).argParser(jobOptionParsers.workerMemory);

export const connectTimeout = () =>
  new Option("--connect-timeout <duration>", "how long to wait for a coordinator to start")
    .argParser(duration)
    .default(30_000, "30s");

export const reconnectTimeout = () =>
  new Option("--reconnect-timeout <duration>", "how long to wait for a lost coordinator to come back")
    .argParser(duration)
    .default(10_000, "10s");

export const maxAttempts = () =>
  new Option("--max-attempts <n>", "errors of the app in one task after which the job fails")
    .argParser(jobOptionParsers.maxAttempts)
    .default(jobOptionDefaults.maxAttempts);

export const maxCrashes = () =>
  new Option("--max-crashes <n>", "crashes of thread or process in one task after which the job fails")
    .argParser(jobOptionParsers.maxCrashes)
    .default(jobOptionDefaults.maxCrashes);

export const attemptTimeout = () =>
  new Option(
    "--attempt-timeout <duration>",
    "end an attempt that finishes no record for this long, such as an endless loop (default: none)",
  ).argParser(jobOptionParsers.attemptTimeout);

export const mapConcurrency = () =>
  new Option(
    "--map-concurrency <n>",
    "how many records of a map task may be in flight at once, for a map that awaits (default: what the app exports, or 1)",
  ).argParser(jobOptionParsers.mapConcurrency);

export const ratePerSecond = () =>
  new Option(
    "--rate-per-second <n>",
    "how many calls of map may begin in a second, in all workers together (default: what the app exports, or no limit)",
  ).argParser(jobOptionParsers.ratePerSecond);

export const backupTasks = () =>
  new Option("--backup-tasks <on|off>", "whether a slow task gets a backup attempt on an idle worker")
    .argParser(jobOptionParsers.backupTasks)
    .default(jobOptionDefaults.backupTasks, "on");

export const skipBadRecords = () =>
  new Option("--skip-bad-records <n>", "skip up to n records at which map throws twice, or two attempts end")
    .argParser(jobOptionParsers.skipBadRecords)
    .default(jobOptionDefaults.skipBadRecords);

export const step = () =>
  new Option(
    "--step <n>",
    "run only this step of an app that exports steps; 1 is the first; later ones read pairs (JSON Lines)",
  ).argParser(jobOptionParsers.step);

export const inspect = () =>
  new Option("--inspect [host:port]", "wait for a debugger at =host:port, and stop at the first call of the app")
    .argParser(address("127.0.0.1", 9229))
    .preset("127.0.0.1:9229");

export const cpuProf = () =>
  new Option(
    "--cpu-prof [dir]",
    "write a CPU profile of each attempt, for Chrome or VS Code, to =dir (default: the output directory)",
  ).argParser((text: string) =>
    text === "" ? (true as const) : resolve(pathNotDash("profiles are files in a directory")(text)),
  ); // Without a value: the output directory.

export const javascript = () => new Option("--javascript", "write JavaScript, not TypeScript");

export const keepIntermediate = () =>
  new Option("--keep-intermediate", "keep the mr-X-Y files and, when the job fails, everything that --resume needs");

export const resume = () =>
  new Option(
    "--resume [=auto]",
    "continue the interrupted job in the output directory, without repeating finished tasks; " +
      "=auto: start a new job if there is nothing to resume",
  ).argParser((text: string) => {
    if (text === "" || text === "auto") return text === "" ? (true as const) : text;
    throw new InvalidArgumentError("It is --resume or --resume=auto.");
  });

export const acceptChangedApp = () =>
  new Option(
    "--accept-changed-app",
    "with --resume: keep finished map tasks although the app has changed, if its map, combine and partition have not",
  );

export const dryRun = () =>
  new Option("--dry-run", "only show the tasks of the job; start no worker, and write nothing");

export const drainTimeout = () =>
  new Option("--drain-timeout <duration>", "how long running tasks may take to finish after SIGTERM")
    .argParser(jobOptionParsers.drainTimeout)
    .default(10_000, "10s");

/** An address, or a name such as `localhost`. */
const hostPattern = /^[\w.:-]{1,253}$/;

export const statusPort = () =>
  new Option(
    "--status-port <n>",
    "show the running job on a page at http://127.0.0.1:<n>/; 0 for any free port",
  ).argParser(wholeNumber(0, 65_535));

export const statusHost = () =>
  new Option(
    "--status-host <address>",
    "address for --status-port; an address other than localhost shows the job to other machines",
  )
    .argParser((text) => {
      if (hostPattern.test(text)) return text;
      throw new InvalidArgumentError("It must be an address or a host name, such as 127.0.0.1 or 0.0.0.0.");
    })
    .default("127.0.0.1");

export const trace = () =>
  new Option(
    "--trace <file>",
    "write a timeline to this file, for https://ui.perfetto.dev or chrome://tracing, even if the job fails",
  ).argParser(pathNotDash("a trace is a file; name one, or print it with mr report --trace - when the job is done"));

export const quiet = () => new Option("-q, --quiet", "print only errors, and warnings about inputs and outputs");

export const json = () => new Option("--json", "print a report as JSON on standard output at the end");

export const debug = () => new Option("--debug", "show stack traces");

export const workers = () => {
  const { workers, reason } = workersDefault();
  return new Option(
    "-w, --workers <n>",
    "number of worker processes; the default respects the CPU and memory limits of a container",
  )
    .argParser(jobOptionParsers.workers)
    .default(workers, `${workers}, ${reason}`);
};
