/**
 * Does something in which modules of the user are loaded. What these print goes to standard error meanwhile, as all that
 * apps print does: standard output is for results.
 */
export async function withStdoutAside<Result>(action: () => Promise<Result>): Promise<Result> {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await action();
  } finally {
    process.stdout.write = write;
  }
}
