/**
 * Which changes an app may make to its process, both in a worker's thread and in the process of `mr sequential`:
 * environment and exit code until the attempt ends, and the current directory and similar state not at all.
 */

/** These change the whole process, which other threads and the engine share. Node rejects them in a worker thread. */
const refused = ["chdir", "setuid", "setgid", "seteuid", "setegid", "setgroups", "initgroups"] as const;

const advice: Readonly<Record<string, string>> = {
  chdir: "use absolute paths, such as path.resolve(directory, name)",
  umask: "pass the mode when you create a file",
};

/** Runs app code, and restores the process state that it changes. */
export async function withOwnProcessState<Result>(run: () => Promise<Result>): Promise<Result> {
  const env = { ...process.env };
  const { exitCode } = process;
  const putBack = refuseProcessWideCalls();
  try {
    return await run();
  } finally {
    putBack();
    restoreEnv(env);
    process.exitCode = exitCode;
  }
}

function restoreEnv(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) Reflect.deleteProperty(process.env, name);
  for (const [name, value] of Object.entries(env)) if (process.env[name] !== value) process.env[name] = value;
}

/** Forbids the calls, and returns a function that allows them again. */
function refuseProcessWideCalls(): () => void {
  const own = process as unknown as Record<string, unknown>;
  const plain = Object.fromEntries([...refused, "umask"].map((name) => [name, own[name]]));
  for (const name of refused) own[name] = () => refuse(name);
  own["umask"] = (mask?: string | number) =>
    mask === undefined ? (plain["umask"] as () => number)() : refuse("umask");
  return () => {
    Object.assign(own, plain);
  };
}

function refuse(name: string): never {
  const what = advice[name] ?? "run the whole job as that user";
  throw new Error(`an app cannot call process.${name}: it would change the process for other tasks, too; ${what}`);
}
