import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  badRecordsName,
  intermediateName,
  jobFileKind,
  jobFilePattern,
  journalName,
  manifestName,
  outputName,
  profileName,
  reportName,
  reportPageName,
  sideFileName,
  temporaryBadRecordsName,
  temporaryPrefix,
  temporaryReportName,
} from "../../src/output/names.js";
import { sideNamePattern } from "../../src/model/output-names.js";

const theirs = [
  "mr-output",
  "mr-bad-records",
  "mr-cpu-map-1.cpuprofile",
  "mr-cpu-map-1-1.json",
  "mr-side",
  "mr-side-map-1-",
  "mr-side-map-x-a",
  "mr-side-other-1-a",
  "mr-side-map-1-a/b",
  "mr-bad-records.jsonl.old",
  "mr-out-",
  "mr-out-1.txt",
  "mr-out-x",
  "mr-1",
  "mr-1-2-3",
  "mr-a-b",
  "xmr-1-2",
  "mr-1-2.",
  "",
];

describe("the names of a job's files", () => {
  it("are the lab's, with the number of a later attempt added", () => {
    expect(intermediateName(3, 7, 1)).toBe("mr-3-7");
    expect(intermediateName(3, 7, 2)).toBe("mr-3-7.2");
    expect(outputName(12)).toBe("mr-out-12");
  });

  it("are all recognised by kind", () => {
    expect(jobFileKind(intermediateName(0, 0, 1))).toBe("intermediate");
    expect(jobFileKind(intermediateName(10, 2, 13))).toBe("intermediate");
    expect(jobFileKind(outputName(0))).toBe("output");
    expect(jobFileKind(`${temporaryPrefix("0a1b2c3d", "map", 1, 2)}0`)).toBe("temporary");
    expect(jobFileKind(`${temporaryPrefix("0a1b2c3d", "reduce", 1, 2)}out`)).toBe("temporary");
    expect(jobFileKind(sideFileName("map", 3, "a"))).toBe("side");
    expect(jobFileKind(sideFileName("reduce", 30, `${"x".repeat(96)}.txt`))).toBe("side");
    expect(jobFileKind(`${temporaryPrefix("0a1b2c3d", "map", 1, 2)}side-a.b`)).toBe("temporary");
    expect(jobFileKind(badRecordsName)).toBe("bad-records");
    expect(jobFileKind(temporaryBadRecordsName("0a1b2c3d"))).toBe("temporary");
    expect([reportName, reportPageName].map((name) => jobFileKind(name))).toEqual(["report", "report"]);
    expect(jobFileKind(profileName("map", 12, 3))).toBe("profile");
    expect(jobFileKind(temporaryReportName("0a1b2c3d"))).toBe("temporary");
  });

  it.each(theirs)("do not include %j, which is somebody else's", (name) => {
    expect(jobFileKind(name)).toBeUndefined();
  });

  it("are the same to a shell", () => {
    const ours = [
      ...[intermediateName(0, 0, 1), intermediateName(10, 2, 13), temporaryPrefix("0a", "map", 1, 2) + "side-a.b-c"],
      ...["", ".gz", ".tsv", ".jsonl", ".csv", ".csv.gz"].map((suffix) => outputName(12, suffix)),
      ...[sideFileName("map", 3, "a"), sideFileName("reduce", 3, "a-b_C.d.e"), profileName("sample", 12, 3)],
      ...[badRecordsName, manifestName, reportName, reportPageName, journalName],
    ];
    expect(ours.filter((name) => jobFileKind(name) === undefined)).toEqual([]);
    const others = [
      ...theirs,
      "mr-out-0.sorted",
      "mr-notes.txt",
      "mr-manifestxjson",
      "xmr-out-0",
      "mr-out-0\u00e9",
      "*",
    ];
    const found = execFileSync("grep", ["-E", jobFilePattern], {
      input: [...ours, ...others].join("\n"),
      encoding: "utf8",
    });
    expect(found).toBe(`${ours.join("\n")}\n`);
  });

  it.each(["", ".", "..", "../a", "a/b", "a\\b", ".a", "a.", "a..b", "a b", "é", "a\n", "a\0", "x".repeat(101)])(
    "have no part of the app's that is %j",
    (name) => {
      expect(sideNamePattern.test(name)).toBe(false);
    },
  );

  it("begin with a dot while the file is unfinished, so that no glob for mr-* matches", () => {
    expect(temporaryPrefix("0a1b2c3d", "map", 1, 2)).toMatch(/^\./);
  });

  it("distinguish the unfinished files of different attempts", () => {
    expect(temporaryPrefix("a", "map", 1, 1).startsWith(temporaryPrefix("a", "map", 1, 11))).toBe(false);
    expect(temporaryPrefix("a", "map", 1, 11).startsWith(temporaryPrefix("a", "map", 1, 1))).toBe(false);
  });
});
