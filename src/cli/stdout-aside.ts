/**
 * Does something in which modules of the user are loaded or run. What these print goes to standard error meanwhile, as all that
 * apps print does: standard output is for results, which `action` is given a way to write.
 */
export async function withStdoutAside<Result>(
  action: (writeResult: (text: string) => void) => Promise<Result>,
): Promise<Result> {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await action(write);
  } finally {
    process.stdout.write = write;
  }
}
