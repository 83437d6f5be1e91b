import { fileURLToPath } from "node:url";

const advice: Readonly<Record<string, string>> = {
  ENOSPC: "make room on that disk, or choose another --output-dir",
  EACCES: "grant permission, or choose another --output-dir",
  EPERM: "grant permission, or choose another --output-dir",
  EDQUOT: "make room within your quota, or choose another --output-dir",
  EROFS: "choose another --output-dir",
  EMFILE: "allow more open files (ulimit -n)",
  ENFILE: "the whole system has too many open files",
};

/** The directory of the built engine, which contains no app. */
const engineDirectory = fileURLToPath(new URL("../", import.meta.url));

/**
 * Whether the engine, rather than the app with its own files, failed to read or write a file. The stack shows which of
 * the two called the system.
 */
export function isOwnFileError(error: Error): boolean {
  if (!("syscall" in error) || !("code" in error)) return false;
  const { stack } = error as { readonly stack?: unknown };
  if (typeof stack !== "string") return false;
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const caller = frames.find((line) => !line.includes("node:"));
  // The engine awaits no file access, only app code: its frame then shows as `async`.
  return caller !== undefined && caller.includes(engineDirectory) && !/^\s+at async /.test(caller);
}

/** The message about a system error: its own text, which includes code and path, and advice. */
export function fileErrorText(error: Error): string {
  const hint = advice[(error as NodeJS.ErrnoException).code ?? ""];
  return hint === undefined ? error.message : `${error.message}: ${hint}`;
}
