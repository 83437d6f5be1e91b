/** Detects an `--arg` that an app does not read: a user's typo that would otherwise silently change nothing. */
import { closestMatch } from "leven";

/** Says which `--arg` names an app that declares `args` does not accept; undefined when it accepts all `names`. */
export function unknownArgText(
  app: string,
  declared: readonly string[] | undefined,
  names: readonly string[],
): string | undefined {
  const unknown = declared && names.filter((name) => !declared.includes(name));
  if (declared === undefined || unknown === undefined || unknown.length === 0) return undefined;
  const takes = declared.length === 0 ? "it takes none" : `it takes ${declared.join(", ")}`;
  return `app ${app} takes no ${shown(unknown)}; ${suggestion(unknown, declared)}${takes}`;
}

/**
 * Says which `--arg` an app never read in a whole job. `missed` are the names it looked for but the job did not have.
 */
export function unreadArgText(app: string, unread: readonly string[], missed: readonly string[]): string {
  return (
    `app ${app} never read ${shown(unread)}, so it had no effect on the output; ` +
    `${suggestion(unread, missed)}leave it out, or, if the app reads it for some inputs only, let the app export ` +
    `args = ${JSON.stringify(unread)}`
  );
}

function shown(names: readonly string[]): string {
  return names.map((name) => `--arg ${name}`).join(" and ");
}

function suggestion(names: readonly string[], known: readonly string[]): string {
  const meant = names.flatMap((name) => closestMatch(name, [...known], { maxDistance: maxDistanceOf(name) }) ?? []);
  return meant.length === 0 ? "" : `did you mean ${[...new Set(meant)].join(" and ")}? `;
}

function maxDistanceOf(name: string): number {
  return Math.min(3, Math.floor(name.length / 2));
}

/** The names that any step of a pipeline declares; undefined when a step declares none. */
export function declaredByAll(
  steps: readonly { readonly args?: readonly string[] | undefined }[],
): string[] | undefined {
  return steps.every(({ args }) => args !== undefined) ? steps.flatMap(({ args = [] }) => args) : undefined;
}
