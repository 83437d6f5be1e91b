import { fileURLToPath } from "node:url";

const advice: Readonly<Record<string, string>> = {
  ENOSPC: "make room on that disk, or choose another --output-dir",
  EACCES: "allow it, or choose another --output-dir",
  EPERM: "allow it, or choose another --output-dir",
  EDQUOT: "make room within your quota, or choose another --output-dir",
  EROFS: "choose another --output-dir",
  EMFILE: "allow more open files (ulimit -n)",
  ENFILE: "the whole system has too many open files",
};

/** The directory of the built engine, in which no app is. */
const engineDirectory = fileURLToPath(new URL("../", import.meta.url));

/**
 * Whether a file could not be read or written by the engine; not by the app, which may use files of its own. The two are
 * told apart by who has called the system, as the stack shows.
 */
export function isOwnFileError(error: Error): boolean {
  if (!("syscall" in error) || !("code" in error)) return false;
  const { stack } = error as { readonly stack?: unknown };
  if (typeof stack !== "string") return false;
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const caller = frames.find((line) => !line.includes("node:"));
  // The engine waits for no file, but for what the app does: that is where it shows as `async`.
  return caller !== undefined && caller.includes(engineDirectory) && !/^\s+at async /.test(caller);
}

/** What to say about an error of the system: its own message, which has code and path, and what to do about it. */
export function fileErrorText(error: Error): string {
  const hint = advice[(error as NodeJS.ErrnoException).code ?? ""];
  return hint === undefined ? error.message : `${error.message}: ${hint}`;
}
