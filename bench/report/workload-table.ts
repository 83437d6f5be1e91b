import type { ContenderResult } from "../measure/measure-workload.js";
import { spread } from "../measure/statistics.js";
import { megabytes, seconds, table } from "./markdown.js";
import { medianSeconds, peakBytes, type WorkloadResult } from "./workload-result.js";

const head = ["contender", "median s", "min–max", "CPU s", "peak MB", "mapreduce-ts / it", "target"];

/** The section of a workload: what it does, a table, the commands. */
export function workloadSection({ workload, results, lacking }: WorkloadResult): string {
  const about = [...new Set(results.map(({ contender }) => contender.data.about))].join("; ");
  return [
    `## ${workload.title} (\`${workload.name}\`)`,
    `${workload.about} Data: ${about}.`,
    table(
      head,
      results.map((result) => row(result, ownSeconds(result, results))),
    ),
    ...(lacking.length === 0 ? [] : [`Not installed: ${lacking.join(", ")}.`]),
    commands(results),
  ].join("\n\n");
}

/** Median of mapreduce-ts on the same data, the last one where there are several. */
function ownSeconds(of: ContenderResult, results: readonly ContenderResult[]): number {
  return medianSeconds(
    results.findLast(({ contender }) => contender.peer === "mr" && contender.data.name === of.contender.data.name),
  );
}

function row(result: ContenderResult, own: number): string[] {
  const { contender, measurements, verdict, failure } = result;
  if (failure !== undefined) return [`${contender.name}: FAILED: ${failure}`, ...blanks];
  if (verdict === "differs") return [`${contender.name}: WRONG: its output is another one`, ...blanks];
  const time = spread(measurements.map((measurement) => measurement.seconds));
  const cpu = spread(measurements.map((measurement) => measurement.cpuSeconds));
  const marks = [verdict === "unchecked" && "unchecked", measurements.length === 1 && "one run"].filter(Boolean);
  return [
    contender.name + (marks.length > 0 ? ` (${marks.join(", ")})` : ""),
    seconds(time.median),
    measurements.length === 1 ? "" : `${seconds(time.min)}–${seconds(time.max)}`,
    seconds(cpu.median),
    megabytes(peakBytes(result)),
    contender.peer === "mr" || Number.isNaN(own) ? "" : (own / time.median).toFixed(2),
    verdictOnTarget(result, own),
  ];
}

const blanks: readonly string[] = ["", "", "", "", "", ""];

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
