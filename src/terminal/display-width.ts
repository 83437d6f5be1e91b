/**
 * How many columns of a terminal a text takes: two for East Asian wide characters and for emoji, none for characters
 * that combine with the one before.
 */
import { eastAsianWidth } from "get-east-asian-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const narrow = /^[\x20-\x7e]*$/;
const invisible = /^[\p{Default_Ignorable_Code_Point}\p{Control}\p{Mark}\p{Surrogate}]+$/u;
const emoji = new RegExp(String.raw`^\p{RGI_Emoji}$`, "v");

/** Returns the width of a text without line ends and tabs. */
export function displayWidth(text: string): number {
  if (narrow.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** Returns the text if it is at most this wide, or its beginning with `…`, together at most this wide. */
export function cutToWidth(text: string, width: number): string {
  if (text.length <= width && narrow.test(text)) return text;
  let [taken, end] = [0, 0];
  for (const { segment, index } of graphemes.segment(text)) {
    taken += graphemeWidth(segment);
    if (taken > width) return `${text.slice(0, end)}…`;
    // What fits beside the `…`.
    if (taken <= width - 1) end = index + segment.length;
  }
  return text;
}

/** Makes the widest columns narrower, until together they have at most `available` or none is wider than `least`. */
export function fittedWidths(widths: readonly number[], available: number, least: number): number[] {
  const total = (most: number) => widths.reduce((sum, width) => sum + Math.min(width, most), 0);
  let most = Math.max(least, ...widths);
  while (most > least && total(most) > available) most -= 1;
  return widths.map((width) => Math.min(width, most));
}

function graphemeWidth(grapheme: string): number {
  if (invisible.test(grapheme)) return 0;
  return emoji.test(grapheme) ? 2 : eastAsianWidth(grapheme.codePointAt(0) ?? 0);
}
