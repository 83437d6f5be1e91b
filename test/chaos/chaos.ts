/**
 * Runs jobs with real processes one after another and harms them: kills, stops, damaged files, full disks. Each job
 * must still give the right answer, and leave nothing behind.
 *
 *     scripts/chaos.sh --minutes 10 --seed 7
 *
 * A seed determines a job and its planned faults: `workload.ts`, `fault-plan.ts`. It does not determine how the
 * processes interleave: a seed that failed once may have to run several times to fail again.
 */
import { readArguments, usage, UsageError, type Arguments } from "./arguments.js";
import { runJob } from "./job.js";
import { jobSeedOf } from "./random.js";
import { jobLine, jobWithPlace, Report } from "./report.js";
import { planJob } from "./workload.js";

const progressIntervalMs = 30_000;
/** After this many bad jobs in one run, more would add nothing. */
const badJobsMax = 20;

try {
  const given = readArguments(process.argv.slice(2));
  if (given === undefined) console.log(usage);
  else process.exitCode = await run(given);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`chaos: ${error.message}\n${usage}`);
  process.exitCode = 2;
}

async function run(given: Arguments): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort(signal));
  // The reader has seen enough (`| head`).
  process.stdout.on("error", (error: Error) => stopping.abort(error.message));
  const report = new Report();
  console.log(`chaos: --seed ${given.seed}`);
  let toldMs = performance.now();
  for (const seed of jobSeeds(given)) {
    const plan = planJob(seed, given.without);
    const result = await runJob(plan, given, stopping.signal);
    if (result === undefined) break;
    report.add(plan, result);
    const isBad = result.verdict === "lost" || result.verdict === "wrong";
    if (isBad || given.keep) console.log(jobWithPlace(plan, result));
    else if (given.isVerbose) console.log(jobLine(plan, result));
    if (report.badJobs >= badJobsMax) break;
    if (performance.now() - toldMs < progressIntervalMs) continue;
    console.log(report.progress());
    toldMs = performance.now();
  }
  console.log(report.summary());
  console.log(
    `chaos: --seed ${given.seed}${stopping.signal.aborted ? `, stopped by ${String(stopping.signal.reason)}` : ""}`,
  );
  if (stopping.signal.aborted) return 130;
  return report.badJobs > 0 ? 1 : 0;
}

/** The requested job, again and again, or new ones as long as there is time. */
function* jobSeeds({ jobSeed, times, seed, durationMs }: Arguments): Generator<number> {
  if (jobSeed !== undefined) {
    for (let time = 0; time < times; time++) yield jobSeed;
    return;
  }
  const endMs = performance.now() + durationMs;
  for (let job = 0; performance.now() < endMs; job++) yield jobSeedOf(seed, job);
}
