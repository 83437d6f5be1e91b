/** Whether a name is valid for `--arg`: an app can read it as `ctx.args.name` or `ctx.args["name"]`. */
export function isArgName(name: string): boolean {
  return /^[A-Za-z][\w.-]*$/.test(name) && name !== "constructor" && name !== "prototype";
}
