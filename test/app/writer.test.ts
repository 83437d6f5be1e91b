import { describe, expect, it } from "vitest";
import { AppError } from "../../src/app/app-error.js";
import { writerOf } from "../../src/app/writer.js";

describe("the export writer", () => {
  it.each<[unknown, object]>([
    [undefined, {}],
    ["csv", { layout: { format: "csv" } }],
    [{ format: "tsv" }, { layout: { format: "tsv" } }],
    [{ format: "jsonl", values: true }, { layout: { format: "jsonl", values: true } }],
    [{ format: "jsonl", values: false }, { layout: { format: "jsonl" } }],
    [{ format: "csv", columns: ["a", "b"] }, { layout: { format: "csv", columns: ["a", "b"] } }],
    [{ format: "csv", columns: ["a"], values: true }, { layout: { format: "csv", columns: ["a"], values: true } }],
  ])("%j names a format of the engine", (given, found) => {
    expect(writerOf("app.js", given)).toEqual(found);
  });

  it("may be an object with an own function for a record", () => {
    const writer = { extension: "xml", record: () => "", format: "csv" };
    expect(writerOf("app.js", writer).writer).toBe(writer);
  });

  it.each<[unknown, string]>([
    ["text", 'writer names the format "text", but must name jsonl, csv or tsv'],
    ["CSV", 'writer names the format "CSV"'],
    [
      5,
      'export writer must be "jsonl", "csv" or "tsv", an object with format, or one with extension and record, but is 5',
    ],
    [null, "but is null"],
    [{}, "writer.extension must be up to 16"],
    [{ extension: "csv", record: () => "" }, "not the extension of another format"],
    [{ extension: "xml" }, "writer.record must be a function, but is undefined"],
    [{ extension: "xml", record: () => "", header: 5 }, "writer.header must be a string or a Uint8Array, but is 5"],
    [{ format: "csv", column: ["a"] }, 'writer has no setting "column"; it has format, columns, values'],
    [{ format: "csv", values: 1 }, "writer.values must be true or false, but is 1"],
    [{ format: "csv", values: true }, "writer.columns is needed for the values alone in csv"],
    [{ format: "jsonl", columns: ["a", "b"] }, "writer.columns is for csv and tsv"],
    [{ format: "csv", columns: "a,b" }, "writer.columns must be an array of different strings"],
    [{ format: "csv", columns: ["a", "a"] }, "an array of different strings"],
    [{ format: "csv", columns: ["a", ""] }, "none of them empty"],
    [{ format: "csv", columns: ["a", 5] }, "an array of different strings"],
    [{ format: "csv", columns: ["a"] }, "must name the key and at least one part of the value"],
    [{ format: "csv", columns: ["a", "b".repeat(40_000)] }, "of 32,000 letters at most"],
  ])("%j is refused", (given, problem) => {
    expect(() => writerOf("app.js", given)).toThrow(AppError);
    expect(() => writerOf("app.js", given)).toThrow("app app.js: ");
    expect(() => writerOf("app.js", given)).toThrow(problem);
  });
});
