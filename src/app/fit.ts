import type { OutputSettings, RecordLayout } from "../model/output-format.js";
import { unknownArgText } from "./unread-args.js";
import { missingText, type Given } from "../model/required-options.js";

/** The properties of an app that may not fit every job. */
interface AppTraits {
  readonly name: string;
  readonly isMapOnly?: boolean | undefined;
  /** The extension of the app's own writer, if it has one. */
  readonly extension?: string | undefined;
  /** The layout of the records, if the app names one. */
  readonly layout?: RecordLayout | undefined;
  /** The options that the app requires: see `model/required-options.ts`. */
  readonly needs?: readonly string[] | undefined;
  /** The names of `--arg` that the app reads; undefined when it does not declare them. */
  readonly args?: readonly string[] | undefined;
}

interface JobTraits extends Given {
  readonly reducers: number;
  readonly output: OutputSettings;
  /** The names of `--arg` that the app must know; undefined for all. */
  readonly argsToRead?: readonly string[] | undefined;
}

/** Says why an app cannot run with these job options, and how to fix it; undefined when it can. */
export function misfit(app: AppTraits, job: JobTraits): string | undefined {
  const { reducers, output, args, files, argsToRead = Object.keys(args) } = job;
  const wrong = missingText(app.name, app.needs, { args, files }) ?? unknownArgText(app.name, app.args, argsToRead);
  if (wrong !== undefined) return wrong;
  if (app.isMapOnly === true && reducers > 0) {
    return `app ${app.name} exports no function reduce; to output what map emits, pass -r 0`;
  }
  const written = app.extension ?? app.layout?.format;
  if (written !== undefined && output.format !== undefined && output.formatIsDefault !== true) {
    const option = output.values === true ? "--output-format and --values" : "--output-format";
    return `app ${app.name} has a writer of its own, for .${written} files; leave out ${option}`;
  }
  return undefined;
}
