/**
 * Control characters of every kind, the separators of lines and paragraphs, the byte order mark, and what changes the
 * direction in which text is shown.
 */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

const shortNames: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Text of a user, such as the name of a file or counter or the message of an error, for one line of a terminal or a summary.
 * A character that would move the cursor, change colours, end the line or hide others is shown as JavaScript writes it:
 * `\x1b`, `\n`, `\u202e`. A log must not look as if the program had said what is in a file name.
 */
export function visibleLine(text: string): string {
  return text.replace(invisible, escaped);
}

/** The same for text of several lines: line ends and tabs stay. */
export function visibleText(text: string): string {
  return text.replace(invisible, (found) => (found === "\n" || found === "\t" ? found : escaped(found)));
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return shortNames[character] ?? (code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`);
}
