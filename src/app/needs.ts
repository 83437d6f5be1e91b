/** What an app cannot do without, as the user has to type it: `--arg pattern=REGEX`, `--file centroids.txt`. */

/** What a job has of that. */
export interface Given {
  readonly args: Readonly<Record<string, string>>;
  readonly files: readonly { readonly name: string }[];
}

const need = /^--(?:arg (?<arg>[^\s=]+)=\S*|file (?<file>[^\s#]+))$/;
/** No app needs so many, and a coordinator is not to hold more of what anybody may send. */
export const needsMax = 100;
const lengthMax = 200;

/** Whether this is what an app may need. */
export function isNeed(text: string): boolean {
  return text.length <= lengthMax && need.test(text);
}

/** What is missing of what an app needs, to be shown; undefined when nothing is. */
export function missingOf(needs: readonly string[], { args, files }: Given): string | undefined {
  const missing = needs.filter((text) => {
    const { arg, file } = need.exec(text)?.groups ?? {};
    return arg === undefined ? !files.some(({ name }) => name === file) : !Object.hasOwn(args, arg);
  });
  return missing.length === 0 ? undefined : missing.map(shown).join(" and ");
}

/** Any file will do, under that name. */
function shown(text: string): string {
  return text.replace(/^--file (.*)$/, "$& (or --file FILE#$1)");
}
