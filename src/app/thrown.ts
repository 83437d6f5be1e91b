import { inspect } from "node:util";

/** How many causes of an error, and errors of an AggregateError, a message names. */
const causesMax = 8;
const aggregatedMax = 3;
/** The longest text of an error with its causes. */
const textCharactersMax = 64 * 1024;
/** The longest text of a value that is no error. */
const valueCharactersMax = 200;

/**
 * Describes a value thrown by app code to the user, with its causes: `Error: no page, caused by TypeError: fetch failed,
 * caused by Error: connect ECONNREFUSED`. Apps may throw anything, and put anything into the properties of an error.
 */
export function thrownText(thrown: unknown): string {
  const text = wholeText(thrown);
  return text.length <= textCharactersMax ? text : `${text.slice(0, textCharactersMax)}…`;
}

function wholeText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `the app threw ${inspect(thrown)}`;
  const seen = new Set<unknown>([thrown]);
  let text = errorText(thrown, seen);
  let at: unknown = thrown.cause;
  while (at !== undefined && at !== null && !seen.has(at) && seen.size <= causesMax) {
    seen.add(at);
    text = withCause(text, at, seen);
    at = at instanceof Error ? at.cause : undefined;
  }
  return text;
}

/**
 * Returns what app code threw, or an Error in its place if it cannot be read: it may have getters that throw, or be a proxy.
 */
export function readableError(thrown: unknown): unknown {
  try {
    thrownText(thrown);
    if (thrown instanceof Error) for (const property of ["stack", "code", "syscall"]) Reflect.get(thrown, property);
    return thrown;
  } catch (trap) {
    return unreadableError(trap);
  }
}

/** The stack is that of the getter, which is in the app. */
function unreadableError(trap: unknown): Error {
  const what = "the app threw an error that cannot be shown, since reading it throws";
  try {
    const error = new Error(`${what} ${trap instanceof Error ? named(trap.name, trap.message) : shownValue(trap)}`);
    const stack = trap instanceof Error ? trap.stack : undefined;
    error.stack = typeof stack === "string" ? stack : "";
    return error;
  } catch {
    return new Error(`${what} again`);
  }
}

/** Adds a cause, unless the message quotes it already. */
function withCause(text: string, cause: unknown, seen: Set<unknown>): string {
  if (!(cause instanceof Error)) return `${text}, caused by ${shownValue(cause)}`;
  return isQuotedIn(text, cause) ? text : `${text}, caused by ${errorText(cause, seen)}`;
}

function errorText(error: Error, seen: Set<unknown>): string {
  const { name, message, errors } = error as Readonly<Record<"name" | "message" | "errors", unknown>>;
  const text = named(name, message);
  return Array.isArray(errors) ? text + aggregatedText(errors, seen) : text;
}

/** The first errors of an AggregateError. */
function aggregatedText(errors: readonly unknown[], seen: Set<unknown>): string {
  const fresh = errors.filter((error) => !seen.has(error));
  if (fresh.length === 0) return "";
  for (const error of fresh) seen.add(error);
  const texts = fresh.slice(0, aggregatedMax).map((error) => {
    return error instanceof Error ? named(error.name, error.message) : shownValue(error);
  });
  const more = fresh.length > aggregatedMax ? [`${fresh.length - aggregatedMax} more`] : [];
  return ` (${[...texts, ...more].join("; ")})`;
}

function named(name: unknown, message: unknown): string {
  return message === "" ? textOf(name) : `${textOf(name)}: ${textOf(message)}`;
}

function isQuotedIn(text: string, { message }: Error): boolean {
  return typeof message === "string" && message !== "" && text.includes(message);
}

function shownValue(value: unknown): string {
  const shown = inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: valueCharactersMax });
  return shown.length <= valueCharactersMax ? shown : `${shown.slice(0, valueCharactersMax)}…`;
}

function textOf(property: unknown): string {
  return typeof property === "string" ? property : inspect(property);
}
