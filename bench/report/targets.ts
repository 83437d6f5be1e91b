import { medianSeconds, type WorkloadResult } from "./workload-result.js";

/** The highest allowed peak memory of any process of mapreduce-ts. */
const peakBytesTarget = 450e6;
/** The factor by which the time per GB may grow from 256 MiB to 4 GiB. */
const growthTarget = 1.15;

/** A target and the value that was reached. */
export interface Target {
  readonly what: string;
  readonly limit: string;
  readonly reached: string;
  /** Undefined when it could not be measured. */
  readonly met: boolean | undefined;
}

/** All targets of the measured workloads. */
export function targetsOf(results: readonly WorkloadResult[]): Target[] {
  return [...results.flatMap(targetsOfWorkload), memoryTarget(results), ...growthTargets(results)];
}

function targetsOfWorkload({ workload, results }: WorkloadResult): Target[] {
  const own = medianSeconds(results[0]);
  return results.flatMap((result): Target[] => {
    const { target, targetSeconds, name } = result.contender;
    if (targetSeconds !== undefined) {
      return [compared(`${workload.title} (\`${workload.name}\`): time of ${name}`, own, targetSeconds, " s")];
    }
    if (target === undefined) return [];
    return [
      compared(
        `${workload.title} (\`${workload.name}\`): mapreduce-ts / ${name}`,
        own / medianSeconds(result),
        target,
        "",
      ),
    ];
  });
}

function memoryTarget(results: readonly WorkloadResult[]): Target {
  const all = results.flatMap((workload) => workload.results).filter(({ contender }) => contender.peer === "mr");
  const peaks = all.flatMap(({ measurements }) => measurements.flatMap(({ processes }) => processes));
  const peak = peaks.length === 0 ? NaN : Math.max(...peaks.map(({ peakBytes }) => peakBytes));
  return compared(
    "Peak memory of the largest process of mapreduce-ts, in all workloads",
    peak / 1e6,
    peakBytesTarget / 1e6,
    " MB",
  );
}

function growthTargets(all: readonly WorkloadResult[]): Target[] {
  const results = all.flatMap((workload) => workload.results);
  const secondsPerMebibyte = (size: number): number | undefined => {
    const result = results.find(({ contender: { step } }) => step?.mebibytes === size && step.workers === 2);
    return result && medianSeconds(result) / size;
  };
  const [small, large] = [secondsPerMebibyte(256), secondsPerMebibyte(4096)];
  if (small === undefined || large === undefined) return [];
  return [compared("Scaling (`scaling`): seconds per GB, 4 GiB / 256 MiB", large / small, growthTarget, "")];
}

function compared(what: string, reached: number, limit: number, unit: string): Target {
  const isKnown = !Number.isNaN(reached);
  return {
    what,
    limit: `${limit}${unit}`,
    reached: isKnown ? `${unit === " MB" ? reached.toFixed() : reached.toFixed(2)}${unit}` : "not measured",
    met: isKnown ? reached <= limit : undefined,
  };
}
