import type { BadRecord } from "../../output/bad-records.js";
import type { State } from "./model.js";

/**
 * Returns the records that the committed map attempts skipped, in input order. A record does not count if an attempt
 * that had begun before the decision to skip it mapped it after all.
 */
export function badRecords({ app, maps, skipped }: State): BadRecord[] {
  if (app === undefined) return [];
  const errors = new Map(skipped.map(({ task, offset, error }) => [`${task} ${offset}`, error]));
  return maps.flatMap(({ index: task, split, commit }) => {
    if (split === undefined || commit === undefined) return [];
    const { file, path, compression, encoding } = split;
    const stored = {
      ...(compression === undefined ? {} : { compression }),
      ...(encoding === undefined ? {} : { encoding }),
    };
    return commit.skipped.flatMap(({ offset, endOffset }) => {
      const error = errors.get(`${task} ${offset}`);
      return error === undefined ? [] : [{ file, path, ...stored, offset, endOffset, input: app.input, error, task }];
    });
  });
}
