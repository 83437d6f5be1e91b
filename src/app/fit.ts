import type { OutputSettings } from "../output/output-format.js";
import { unknownArgText } from "./unread-args.js";
import { missingText, type Given } from "./needs.js";

/** What an app declares of itself that may not fit to every job. */
interface AppTraits {
  readonly name: string;
  readonly isMapOnly?: boolean | undefined;
  /** Of the files of its own writer, if it has one. */
  readonly extension?: string | undefined;
  /** What it cannot do without: see `needs.ts`. */
  readonly needs?: readonly string[] | undefined;
  /** The names of `--arg` that it reads; undefined when it does not say. */
  readonly args?: readonly string[] | undefined;
}

interface JobTraits extends Given {
  readonly reducers: number;
  readonly output: OutputSettings;
  /** The names of `--arg` that the app must know; undefined for all. */
  readonly argsToRead?: readonly string[] | undefined;
}

/** Why an app cannot run in a job with these options, and what to do about it; undefined when it can. */
export function misfit(app: AppTraits, job: JobTraits): string | undefined {
  const { reducers, output, args, files, argsToRead = Object.keys(args) } = job;
  const wrong = missingText(app.name, app.needs, { args, files }) ?? unknownArgText(app.name, app.args, argsToRead);
  if (wrong !== undefined) return wrong;
  if (app.isMapOnly === true && reducers > 0) {
    return `app ${app.name} exports no function reduce; to have what map emits as the output, give -r 0`;
  }
  if (app.extension !== undefined && output.format !== undefined && output.formatIsDefault !== true) {
    return `app ${app.name} has a writer of its own, for .${app.extension} files; leave out --output-format`;
  }
  return undefined;
}
