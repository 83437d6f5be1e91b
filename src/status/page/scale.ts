/** Values of an axis at which to draw a line: about `wanted` round numbers from 0 to `most`. */
export function ticks(most: number, wanted: number): number[] {
  if (!(most > 0)) return [0];
  const raw = most / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  return stepsOf(step, most);
}

const timeStepsMs = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000,
];
const dayMs = 86_400_000;

/** The same for an axis of milliseconds: whole seconds, minutes, hours. */
export function timeTicks(mostMs: number, wanted: number): number[] {
  if (!(mostMs > 0)) return [0];
  const raw = mostMs / Math.max(1, wanted);
  const step = timeStepsMs.find((candidate) => candidate >= raw) ?? Math.ceil(raw / dayMs) * dayMs;
  return stepsOf(step, mostMs);
}

/** `0`, `5 s`, `1:30 min`, `2:05 h`. */
export function timeTickText(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${ms / 1000} s`;
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)}:${two((ms % 60_000) / 1000)} min`;
  if (ms < 2 * dayMs) return `${Math.floor(ms / 3_600_000)}:${two((ms % 3_600_000) / 60_000)} h`;
  return `${Math.round(ms / dayMs)} d`;
}

function stepsOf(step: number, most: number): number[] {
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) => index * step);
}
