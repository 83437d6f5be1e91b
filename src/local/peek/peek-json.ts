import type { Peeked } from "./peek.js";

/** The description of a file for programs, without unknown properties. */
export function peekJson({ file, sizeBytes, sample, format, notes, converter }: Peeked): object {
  const { compression, encoding, hasMark, lineEnds, lines, binary } = sample;
  const text = format && {
    ...{ encoding, byteOrderMark: hasMark, lineEnds, lines: lines?.count, linesAre: lines?.is },
    ...{ delimiter: format.delimiter, header: format.hasHeader, csv: format.csv },
    ...{ sampledRecords: format.sampledRecords, badRecords: format.badRecords },
    columns: format.columns.map(({ name, type, count, emptyCount, distinct, exceptions, exception }) => ({
      ...{ name, type, emptyShare: count === 0 ? 0 : emptyCount / count, distinct, exceptions, exception },
    })),
    rows: format.rows,
  };
  return {
    ...{ file: file.name, sizeBytes, compression, format: format?.kind ?? "binary", binary: binary?.what },
    ...text,
    ...{ notes, converter },
  };
}
