/** Says briefly why the system refuses to write a file or create a directory at a place that a user named. */
export function whyNotWritable(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "there is a file of that name",
  ELOOP: "it is a symbolic link that leads to itself",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it cannot be created there",
  ENOTDIR: "part of the path is not a directory",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};
