/** The options an app requires, as the user types them: `--arg pattern=REGEX`, `--file centroids.txt`. */

/** Whether a name is valid for `--arg`: an app can read it as `ctx.args.name` or `ctx.args["name"]`. */
export function isArgName(name: string): boolean {
  return /^[A-Za-z][\w.-]*$/.test(name) && name !== "constructor" && name !== "prototype";
}

/** The options a job was given. */
export interface Given {
  readonly args: Readonly<Record<string, string>>;
  readonly files: readonly { readonly name: string }[];
}

const need = /^--(?:arg (?<arg>[^\s=]+)=\S*|file (?<file>[^\s#/]+))$/;
/** More than any app needs. The limit bounds what a coordinator stores for an untrusted peer. */
export const needsMax = 100;
const lengthMax = 200;

/** Whether a text is a valid need. */
export function isNeed(text: string): boolean {
  const groups = text.length <= lengthMax ? need.exec(text)?.groups : undefined;
  return groups !== undefined && (groups["arg"] === undefined || isArgName(groups["arg"]));
}

/** The name of the `--arg` that a need refers to; undefined when it refers to a file. */
export function argOfNeed(text: string): string | undefined {
  return need.exec(text)?.groups?.["arg"];
}

/** Says which of an app's needs the job lacks; undefined when none is missing. `name` is the app's name. */
export function missingText(
  name: string,
  needs: readonly string[] | undefined = [],
  { args, files }: Given,
): string | undefined {
  const missing = needs.filter((text) => {
    const { arg, file } = need.exec(text)?.groups ?? {};
    return arg === undefined ? !files.some(({ name }) => name === file) : !Object.hasOwn(args, arg);
  });
  return missing.length === 0 ? undefined : `app ${name} needs ${missing.map(shown).join(" and ")}`;
}

/** The user may pass any file under that name. */
function shown(text: string): string {
  return text.replace(/^--file (.*)$/, "$& (or --file FILE#$1)");
}
