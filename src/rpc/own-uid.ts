/**
 * The id of this process's effective user. `os.userInfo` throws for a user without a name, which is common in
 * containers.
 */
export function ownUid(): number {
  return process.geteuid?.() ?? -1;
}
