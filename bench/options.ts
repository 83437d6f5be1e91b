import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import ms from "ms";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workloads } from "./workloads/all.js";
import type { Workload } from "./workloads/workload.js";

/** Parses the command line. Exits with 2 when it is invalid. */
export function parseOptions() {
  return new Command("npm run bench --")
    .description(
      "Measures mapreduce-ts and the installed programs in turn, and writes bench/RESULTS.md.\n" +
        "A partial run (--only, --scale, fewer than 5 runs) prints its results instead.",
    )
    .addOption(new Option("--only <names>", "only these workloads, as names separated by commas").argParser(byNames))
    .addOption(new Option("--runs <n>", "how often each program is measured").default(5).argParser(times))
    .addOption(new Option("--scale <factor>", "multiplies all sizes, for a quick look").default(1).argParser(positive))
    .option("--data <dir>", "directory for data and outputs", join(tmpdir(), "mapreduce-ts-bench"))
    .addOption(
      new Option("--timeout <duration>", "longest time for a run").default(ms("20m"), "20m").argParser(duration),
    )
    .option("--out <file>", "write the results to this file")
    .option("--no-write", "only print the results")
    .option("--list", "list the workloads and the installed programs, then exit")
    .addOption(
      new Option(
        "--check",
        "measure nothing: run each program once on a hundredth of the data and compare the outputs;\n" +
          "exit code 1 when an output of mapreduce-ts is wrong or an installed program fails",
      ).conflicts(["runs", "scale", "out"]),
    )
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse()
    .opts();
}

function byNames(text: string): Workload[] {
  return text.split(",").map((name) => {
    const workload = workloads.find((each) => each.name === name);
    if (workload !== undefined) return workload;
    throw new InvalidArgumentError(`The workloads are ${workloads.map((each) => each.name).join(", ")}.`);
  });
}

function times(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number from 1 to 999");
}

function positive(text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("expected a number greater than 0");
}

function duration(text: string): number {
  const milliseconds = /^[\d.]+ ?\w+$/.test(text) ? ms(text as ms.StringValue) : NaN;
  if (milliseconds > 0) return milliseconds;
  throw new InvalidArgumentError("expected a duration such as 90s or 10m");
}
