import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";

/** The options of a run. */
export interface Arguments {
  /** How long new jobs are started; the last one ends later. */
  readonly durationMs: number;
  readonly seed: number;
  /** Run only the job with this seed. */
  readonly jobSeed: number | undefined;
  /** How often to run that job; its processes interleave differently each time. */
  readonly times: number;
  /** Kinds of jobs and faults to exclude, by name. A job seed gives the same job only with the same exclusions. */
  readonly without: ReadonlySet<string>;
  /** The directory of the built programs. */
  readonly programs: string;
  /** Keep the files and logs of all jobs, not only of failed ones. */
  readonly keep: boolean;
  readonly isVerbose: boolean;
}

export const usage = `Usage: chaos.sh [options]

Runs jobs with real processes one after the other, does harm to them, and compares their output with the right one.

  --minutes <m>       how long (default: 2)
  --seed <s>          a number that jobs, faults and their planned times follow from (default: a random one).
                      How the processes interleave does not follow from it, so what a fault hits may differ.
  --job-seed <s>      run the job with this seed alone
  --times <n>         run it n times (default: 1)
  --without <names>   leave out apps and faults of these names, with commas: flaky,fill-disk
  --programs <dir>    where the built programs are (default: dist/src/cli)
  --keep              keep the files and logs of all jobs, not only of those that went wrong
  --verbose           say a line for each job
  --help              show this

Exit code: 0 all is well, 1 a job was lost or its output wrong, 2 wrong usage, 130 stopped by Ctrl-C.`;

/** Wrong usage; the message is for the user. */
export class UsageError extends Error {}

/** Parses the command line; undefined when help is requested. Throws a UsageError. */
export function readArguments(args: string[]): Arguments | undefined {
  const { values } = parse(args);
  if (values.help === true) return undefined;
  return {
    durationMs: number("--minutes", values.minutes ?? "2", 0) * 60_000,
    seed: number("--seed", values.seed ?? String(Math.floor(Math.random() * 2 ** 32)), 0),
    jobSeed: values["job-seed"] === undefined ? undefined : number("--job-seed", values["job-seed"], 0),
    times: number("--times", values.times ?? "1", 1),
    without: new Set((values.without ?? "").split(",")),
    programs: programs(values.programs ?? fileURLToPath(new URL("../../dist/src/cli", import.meta.url))),
    keep: values.keep ?? false,
    isVerbose: values.verbose ?? false,
  };
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args,
      options: {
        minutes: text,
        seed: text,
        "job-seed": text,
        times: text,
        without: text,
        programs: text,
        keep: flag,
        verbose: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function programs(directory: string): string {
  if (!existsSync(join(directory, "mr.js"))) throw new UsageError(`--programs ${directory}: there is no mr.js`);
  return directory;
}

function number(name: string, text: string, min: number): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < min) {
    throw new UsageError(`${name} ${text}: it must be a number, at least ${min}`);
  }
  return value;
}
