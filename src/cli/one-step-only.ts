import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { requireNotOnCommandLine } from "./giving-way.js";

/**
 * What was given, without the options that are about one job: the steps of a pipeline are several. Throws an InputError when
 * the command line gives one of these; what a variable or a config file says of them is for other jobs.
 */
export function withoutThoseOfOneJob<Given extends object>(given: Given, command: CommandUnknownOpts) {
  for (const [name, flag] of Object.entries(ofOneJob) as [keyof typeof ofOneJob, string][]) {
    const problem = `${flag} is for one job, and a pipeline has several: run a step of it by itself (--step)`;
    requireNotOnCommandLine(command, name, problem);
  }
  return { ...given, cpuProf: undefined, trace: undefined };
}

const ofOneJob = { cpuProf: "--cpu-prof", trace: "--trace" } as const;
