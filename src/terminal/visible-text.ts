/**
 * All control characters, line and paragraph separators, the byte order mark, and characters that change the direction
 * of text.
 */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

const shortNames: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Makes user text, such as a file name, a counter name or an error message, safe for one line of a terminal or a
 * summary. A character that would move the cursor, change colours, end the line or hide others becomes its JavaScript
 * escape: `\x1b`, `\n`, `\u202e`. A file name must not be able to imitate a message of the program.
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
