/** Says in a few words why the system refuses to write a file or make a directory where a user wants one. */
export function whyNotWritable(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "there is a file of that name",
  ELOOP: "it is a symbolic link that leads to itself",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "it cannot be made there",
  ENOTDIR: "a part of the path is not a directory",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
};
