/** The progress of a job as text, independent of a terminal. */
import prettyBytes from "pretty-bytes";
import prettyMs from "pretty-ms";
import type { Snapshot } from "../model/snapshot.js";
import { tasksDone, type Rates } from "./pace.js";

export type Colour = "cyan" | "green" | "yellow" | "dim";

/** Colours a text, or leaves it unchanged. */
type Paint = (colour: Colour, text: string) => string;

/** A terminal's size, and whether it has colours. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

type Kind = "map" | "reduce";

const [barWidth, barWidthMin] = [24, 10];
/** Three lines, the cursor's, and one line of earlier output. */
const rowsMin = 5;

/** Two bars and a line of notes, none longer than the terminal is wide. */
export function progressLines(snapshot: Snapshot, rates: Rates, canvas: Canvas): string[] {
  const { phase, maps, reduces } = snapshot;
  // Some terminals begin a new line after the last column.
  const width = Math.max(1, canvas.columns - 1);
  if (maps.total === 0) return [fitted([workersText(snapshot)], width)];
  const bars = reduces.total === 0 ? (["map"] as const) : (["map", "reduce"] as const);
  const current = phase === "reduce" ? "reduce" : "map";
  const shown = canvas.rows < rowsMin ? ([current] as const) : bars;
  const lines = barLines(snapshot, shown, current, ratesTexts(rates), width, canvas.paint);
  if (canvas.rows < rowsMin) return lines;
  const indent = " ".repeat(labelWidth + 1);
  const others = fitted([`${indent}${workersText(snapshot)}`, ...troubleTexts(snapshot)], width);
  const isTroubled = troubleTexts(snapshot).length > 0 || snapshot.workers.some(({ isSilent }) => isSilent);
  return [...lines, canvas.paint(isTroubled ? "yellow" : "dim", others)];
}

/** The same in one line. */
export function progressLine(snapshot: Snapshot, rates: Rates): string {
  const { maps, reduces } = snapshot;
  const tasks = [`map ${countText(maps)}`, ...(reduces.total === 0 ? [] : [`reduce ${countText(reduces)}`])];
  return [
    ...(maps.total === 0 ? [] : [...tasks, ...ratesTexts(rates)]),
    workersText(snapshot),
    ...troubleTexts(snapshot),
  ].join(", ");
}

const labelWidth = "reduce".length;

function barLines(
  snapshot: Snapshot,
  kinds: readonly Kind[],
  current: Kind,
  rates: readonly string[],
  width: number,
  paint: Paint,
): string[] {
  const counts = kinds.map((kind) => countText(kind === "map" ? snapshot.maps : snapshot.reduces));
  const countWidth = Math.max(...counts.map(({ length }) => length));
  const before = labelWidth + 1 + 1 + countWidth;
  // The remaining time is the last to be dropped.
  const notes = [...rates.keys(), rates.length].map((first) => rates.slice(first).join(", "));
  const forms = notes.flatMap((note) => [barWidth, barWidthMin].map((bar) => ({ note, bar })));
  const fits = ({ note, bar }: (typeof forms)[number]) => before + bar + (note === "" ? 0 : 2 + note.length) <= width;
  const form = forms.find(fits);
  return kinds.map((kind, i) => {
    const [label, count] = [kind.padEnd(labelWidth), (counts[i] ?? "").padStart(countWidth)];
    if (form === undefined) return `${label} ${count}`.slice(0, width);
    const { total } = kind === "map" ? snapshot.maps : snapshot.reduces;
    const full = Math.floor((form.bar * tasksDone(snapshot, kind)) / total);
    const colour = full === form.bar ? "green" : "cyan";
    const bar = paint(colour, "█".repeat(full)) + paint("dim", "░".repeat(form.bar - full));
    const note = kind === current && form.note !== "" ? `  ${form.note}` : "";
    return `${label} ${bar} ${count}${note}`;
  });
}

function countText({ completed, total }: Snapshot["maps"]): string {
  return `${completed}/${total}`;
}

/** In whole seconds: less cannot be predicted. */
function leftText(leftMs: number): string {
  return prettyMs(Math.max(1, Math.round(leftMs / 1000)) * 1000, { unitCount: 2 });
}

function ratesTexts({ recordsPerSecond, bytesPerSecond, leftMs }: Rates): string[] {
  return [
    // With whole files as records, there is none for a long time.
    ...(recordsPerSecond === undefined || recordsPerSecond < 0.5 ? [] : [`${compact(recordsPerSecond)} records/s`]),
    ...(bytesPerSecond === undefined ? [] : [`${prettyBytes(Math.round(bytesPerSecond))}/s`]),
    ...(leftMs === undefined ? [] : [`${leftText(leftMs)} left`]),
  ];
}

function workersText({ phase, workers }: Snapshot): string {
  if (phase === "waiting") return "waiting for the first worker";
  const silent = workers.filter(({ isSilent }) => isSilent).length;
  // Their work is in no bar and in no rate.
  const combining = workers.filter(({ running }) => running?.ref.kind === "combine").length;
  const notes = [...(combining === 0 ? [] : [`${combining} combining`]), ...(silent === 0 ? [] : [`${silent} silent`])];
  return `${workers.length} ${workers.length === 1 ? "worker" : "workers"}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`;
}

function troubleTexts({ attempts, recordsSkipped }: Snapshot): string[] {
  const retries = attempts.failed + attempts.crashed;
  return [
    ...(retries === 0 ? [] : [`${retries} tried again`]),
    ...(attempts.backup === 0 ? [] : [`${attempts.backup} ${attempts.backup === 1 ? "backup" : "backups"}`]),
    ...(recordsSkipped === 0 ? [] : [`${recordsSkipped} bad ${recordsSkipped === 1 ? "record" : "records"}`]),
  ];
}

/** As many of the notes as fit; the first one is cut if necessary. */
function fitted([first = "", ...others]: readonly string[], width: number): string {
  let text = first.slice(0, width);
  for (const other of others) {
    if (text.length + 2 + other.length > width) break;
    text += `, ${other}`;
  }
  return text;
}

/** `950`, `9.5k`, `12M`: at least two digits. */
function compact(n: number): string {
  let [scaled, unit] = [n, ""];
  for (const next of ["k", "M", "G"]) {
    if (scaled < 999.5) break;
    [scaled, unit] = [scaled / 1000, next];
  }
  return `${unit === "" || scaled >= 9.95 ? Math.round(scaled) : scaled.toFixed(1)}${unit}`;
}
