import { formatOf, type AppInputs } from "../model/input-kinds.js";
import type { Split } from "../model/split.js";
import { keptBytes } from "./byte-source.js";
import type { RecordReader } from "./record-reader.js";
import { bytesIn, sourceOfSplit, valuesIn, type RecordFormat, type RecordSource, type SplitSource } from "./records.js";
import { SkippingReader } from "./skipping-reader.js";

/** A record stored apart from its file. */
interface StoredRecord {
  /** The whole file. */
  readonly split: Split;
  /** The offset of the record in the file. */
  readonly offset: number;
  /** Reads all bytes of the record, including the line ending. */
  read(): Promise<Buffer>;
}

/** Gives an app a single record, as the reader of its file gave it. The job has shown the warnings of the file already. */
export function sourceOfRecord(record: StoredRecord, app: AppInputs<RecordFormat>): RecordSource {
  return { parts: [partOfRecord(record, app)], skipped: [], warnings: [] };
}

function partOfRecord(record: StoredRecord, app: AppInputs<RecordFormat>): SplitSource {
  const { split, offset } = record;
  const format = formatOf(app, split);
  const ofFile = sourceOfSplit(split, app);
  const bytes = async () => keptBytes(await record.read(), offset);
  return {
    split,
    openBytes: async () => bytesIn(await bytes(), format),
    openValues: async (context) => {
      // Only the app can find it.
      if (format.input === "own") return only(await ofFile.openValues(context), offset);
      return valuesIn(await bytes(), split, format, true);
    },
    describe: (error) => ofFile.describe(error),
  };
}

function only<Value>(reader: RecordReader<Value>, wanted: number): RecordReader<Value> {
  return new SkippingReader(
    reader,
    (offset) => offset !== wanted,
    () => undefined,
  );
}
