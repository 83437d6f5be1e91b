/**
 * Runs an action that loads or runs modules of the user, and redirects their standard output to standard error: standard
 * output is for results, and `action` receives a function that writes them.
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
