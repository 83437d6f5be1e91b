/** Whether `--arg` takes a value of this name, which is one that an app can read as `ctx.args.name` or `ctx.args["name"]`. */
export function isArgName(name: string): boolean {
  return /^[A-Za-z][\w.-]*$/.test(name) && name !== "constructor" && name !== "prototype";
}
