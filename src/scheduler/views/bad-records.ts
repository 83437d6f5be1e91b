import type { BadRecord } from "../../model/bad-record.js";
import { formatOf } from "../../model/input-kinds.js";
import { locate } from "../../model/record-position.js";
import type { JobState } from "../job/job.js";

/**
 * Returns the records that the committed map attempts skipped, in input order. A record does not count if an attempt
 * that had begun before the decision to skip it mapped it after all.
 */
export function badRecords({ app, maps, skipped }: JobState): BadRecord[] {
  if (app === undefined) return [];
  const errors = new Map(skipped.map(({ task, offset, error }) => [`${task} ${offset}`, error]));
  return maps.flatMap(({ index: task, splits = [], commit }) => {
    return (commit?.skipped ?? []).flatMap((place): BadRecord[] => {
      const error = errors.get(`${task} ${place.offset}`);
      if (error === undefined) return [];
      const { split, offset } = locate(place.offset, splits);
      const { file, path, input: inputName, compression, encoding } = split;
      const { input } = formatOf(app, split);
      const stored = {
        ...(inputName === undefined ? {} : { inputName }),
        ...(compression === undefined ? {} : { compression }),
        ...(encoding === undefined ? {} : { encoding }),
      };
      const endOffset = offset + place.endOffset - place.offset;
      return [{ file, path, ...stored, offset, endOffset, input, error, task }];
    });
  });
}
