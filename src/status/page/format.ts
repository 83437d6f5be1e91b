/** Formats numbers for display, in English like the rest of the page, whatever the browser's language. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const precise = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });

/** `1,234,567`. */
export function countText(n: number): string {
  return whole.format(n);
}

/** `1.23M`, for narrow places. */
export function shortCountText(n: number): string {
  return n < 10_000 ? precise.format(Math.round(n)) : short.format(n);
}

/** A counter of the app may be any number. */
export function numberText(n: number): string {
  return precise.format(n);
}

/** `12.3 MB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.995 && unit > 0 ? value.toFixed(2) : value < 99.95 && unit > 0 ? value.toFixed(1) : value.toFixed(0)} ${units[unit] ?? ""}`;
}

/** `850 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`. */
export function durationText(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  const minutes = Math.round(rounded / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} d ${Math.round((minutes % 1440) / 60)} h`;
}

/** `1 worker`, `2 workers`. */
export function plural(n: number, what: string): string {
  return `${countText(n)} ${what}${n === 1 ? "" : "s"}`;
}

/** `2.4 ×`. */
export function ratioText(a: number, b: number): string {
  const ratio = a / b;
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1)} ×`;
}
