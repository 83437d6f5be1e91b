/** Each command of a block of Markdown that shows a terminal, with what is shown below it. `> ` continues a command. */
export function commandsOf(block: string): { command: string; printed: string }[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [, command = "", printed = ""] = /^([^\n]*\n(?:> [^\n]*\n)*)(.*)$/s.exec(text) ?? [];
      return { command: command.replaceAll("\n> ", "\n"), printed };
    });
}
