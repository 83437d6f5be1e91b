import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { requireNotOnCommandLine } from "./giving-way.js";

/**
 * Removes the options that only a single job can have, for the steps of a pipeline. Throws an InputError if the command line
 * sets such an option; in a variable or a config file it is meant for other jobs.
 */
export function withoutThoseOfOneJob<Given extends object>(given: Given, command: CommandUnknownOpts) {
  for (const [name, flag] of Object.entries(ofOneJob) as [keyof typeof ofOneJob, string][]) {
    const problem = `${flag} is for one job, and a pipeline has several: run one step by itself (--step)`;
    requireNotOnCommandLine(command, name, problem);
  }
  return { ...given, cpuProf: undefined, trace: undefined };
}

const ofOneJob = { cpuProf: "--cpu-prof", trace: "--trace" } as const;
