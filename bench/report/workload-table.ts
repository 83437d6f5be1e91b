import { isWrong } from "../measure/outputs.js";
import type { ContenderResult } from "../measure/measure-workload.js";
import { spread } from "../measure/statistics.js";
import { megabytes, seconds, table } from "./markdown.js";
import { medianSeconds, peakBytes, peakSumBytes, type WorkloadResult } from "./workload-result.js";

const head = [
  "contender",
  "median s",
  "min–max",
  "runs",
  "CPU s",
  "peak MB of the largest process",
  "peak MB of all processes",
  "mapreduce-ts / it",
  "target",
];

/** The section of a workload: what it does, a table, the commands. */
export function workloadSection({ workload, results, lacking }: WorkloadResult): string {
  const about = [...new Set(results.map(({ contender }) => contender.data.about))].join("; ");
  return [
    `## ${workload.title} (\`${workload.name}\`)`,
    `${workload.about} Data: ${about}.`,
    table(
      head,
      results.map((result) => row(result, referenceOf(result, results))),
    ),
    ...(lacking.length === 0 ? [] : [`Not installed: ${lacking.join(", ")}.`]),
    commands(results),
  ].join("\n\n");
}

/** The mapreduce-ts result on the same data with which all others are compared: the last one if there are several. */
function referenceOf(of: ContenderResult, results: readonly ContenderResult[]): ContenderResult | undefined {
  return results.findLast(({ contender }) => contender.peer === "mr" && contender.data.name === of.contender.data.name);
}

function row(result: ContenderResult, reference: ContenderResult | undefined): string[] {
  const isOwn = result === reference;
  const own = medianSeconds(reference);
  const { contender, measurements, verdict, failure } = result;
  if (failure !== undefined) return [`${contender.name}: FAILED: ${failure}`, ...blanks];
  if (isWrong(verdict)) {
    const what = verdict === "unstable" ? "changes from run to run" : "is another one";
    return [`${contender.name}: WRONG: its output ${what}`, ...blanks];
  }
  const time = spread(measurements.map((measurement) => measurement.seconds));
  const cpu = spread(measurements.map((measurement) => measurement.cpuSeconds));
  return [
    contender.name + (verdict === "unchecked" ? " (unchecked)" : ""),
    seconds(time.median),
    measurements.length === 1 ? "" : `${seconds(time.min)}–${seconds(time.max)}`,
    `${measurements.length}${contender.cold === true ? ", cold" : ""}`,
    seconds(cpu.median),
    megabytes(peakBytes(result)),
    megabytes(peakSumBytes(result)),
    isOwn || Number.isNaN(own) ? "" : (own / time.median).toFixed(2),
    verdictOnTarget(result, own),
  ];
}

const blanks: readonly string[] = head.slice(1).map(() => "");

function verdictOnTarget(result: ContenderResult, own: number): string {
  const { target, targetSeconds } = result.contender;
  const time = medianSeconds(result);
  if (targetSeconds !== undefined) return `≤ ${targetSeconds} s: ${metOrMissed(time, targetSeconds)}`;
  return target === undefined ? "" : `≤ ${target}: ${metOrMissed(own / time, target)}`;
}

function metOrMissed(reached: number, limit: number): string {
  if (Number.isNaN(reached)) return "?";
  return reached <= limit ? "met" : "missed";
}

function commands(results: readonly ContenderResult[]): string {
  const texts = results.map(({ contender }) => `# ${contender.name}\n${contender.command}`);
  const summary = "<details>\n<summary>Commands</summary>";
  return `${summary}\n\n\`\`\`sh\n${texts.join("\n\n")}\n\`\`\`\n\n</details>`;
}
