/** The id of the user who this process acts for. `os.userInfo` throws for one that has no name, as many in containers. */
export function ownUid(): number {
  return process.geteuid?.() ?? -1;
}
