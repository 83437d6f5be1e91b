/** Each command of a Markdown block that shows a terminal, with the output shown below it. `> ` continues a command. */
export function commandsOf(block: string): { command: string; printed: string }[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [, command = "", printed = ""] = /^([^\n]*\n(?:> [^\n]*\n)*)(.*)$/s.exec(text) ?? [];
      return { command: command.replaceAll("\n> ", "\n"), printed };
    });
}
