/** What an app cannot do without, as the user has to type it: `--arg pattern=REGEX`, `--file centroids.txt`. */

import { isArgName } from "./arg-name.js";

/** What a job has of that. */
export interface Given {
  readonly args: Readonly<Record<string, string>>;
  readonly files: readonly { readonly name: string }[];
}

const need = /^--(?:arg (?<arg>[^\s=]+)=\S*|file (?<file>[^\s#/]+))$/;
/** No app needs so many, and a coordinator is not to hold more of what anybody may send. */
export const needsMax = 100;
const lengthMax = 200;

/** Whether this is what an app may need. */
export function isNeed(text: string): boolean {
  const groups = text.length <= lengthMax ? need.exec(text)?.groups : undefined;
  return groups !== undefined && (groups["arg"] === undefined || isArgName(groups["arg"]));
}

/** The name of the `--arg` that this need is of; undefined when it is of a file. */
export function argOfNeed(text: string): string | undefined {
  return need.exec(text)?.groups?.["arg"];
}

/** Says what an app needs that the job has not; undefined when nothing is missing. `name` is what it is called. */
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

/** Any file will do, under that name. */
function shown(text: string): string {
  return text.replace(/^--file (.*)$/, "$& (or --file FILE#$1)");
}
