import { unreadArgText } from "../app/unread-args.js";
import type { ArgUseOfJob } from "../scheduler/job/arg-use.js";

/** A job whose tasks are all done. */
interface DoneJob {
  readonly app: { readonly name: string; readonly args?: readonly string[] | undefined };
  readonly args: Readonly<Record<string, string>>;
  /** The names that the app must have read; undefined for all. */
  readonly argsToRead?: readonly string[] | undefined;
  readonly use: ArgUseOfJob;
  /** The number of records mapped: without any, the app had no use for an arg. */
  readonly records: number;
}

/** Says which `--arg` had no effect; undefined when all had, or when the app has declared it. */
export function unreadArgs({ app, args, argsToRead = Object.keys(args), use, records }: DoneJob): string | undefined {
  if (records === 0) return undefined;
  const isRead = (name: string) => use.hasRead(name) || app.args?.includes(name) === true;
  const unread = argsToRead.filter((name) => Object.hasOwn(args, name) && !isRead(name));
  return unread.length === 0 ? undefined : unreadArgText(app.name, unread, use.missed);
}
