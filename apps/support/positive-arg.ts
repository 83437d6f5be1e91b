/** The whole number that `--arg name=N` gives, at least 1, or else what is usual. */
export function positiveArg(args: Readonly<Record<string, string>>, name: string, usual: number): number {
  const text = args[name] ?? String(usual);
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`--arg ${name}=${text}: expected a whole number from 1`);
}
