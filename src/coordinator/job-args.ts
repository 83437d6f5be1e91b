/** The `--arg` values of a job, which its workers must share. */
export type JobArgs = Readonly<Record<string, string>>;

export function isSameArgs(a: JobArgs, b: JobArgs): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}

/** Formats args as the user types them; completes "it had …". */
export function shownArgs(args: JobArgs): string {
  const pairs = Object.entries(args).map(([name, value]) => `--arg ${name}=${value}`);
  return pairs.length === 0 ? "no --arg" : pairs.join(" ");
}
