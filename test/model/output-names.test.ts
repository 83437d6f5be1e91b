import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  directoryIn,
  directoryOfOutput,
  isDirectoryOfOutput,
  isNamedOutputFile,
  namedOutputFile,
} from "../../src/model/output-names.js";
import { withoutDirectory } from "../../src/output/names.js";

describe("the directory of an output", () => {
  it.each([
    ["country=AT", "country=AT"],
    ["errors", "errors"],
    ["country=Österreich", "country=Österreich"],
    ["a=b=c", "a=b%3Dc"],
    ["a/b", "a%2Fb"],
    ["..", "%2E%2E"],
    [".hidden", "%2Ehidden"],
    ["/etc/passwd", "%2Fetc%2Fpasswd"],
    ["50%", "50%25"],
    ["a b\n", "a%20b%0A"],
    ["date=2024-01-31", "date=2024-01-31"],
  ])("of the output %j is %s", (name, directory) => {
    expect(directoryOfOutput(name)).toBe(directory);
  });

  it.each<[unknown, string]>([
    ["", "must not be empty"],
    [undefined, "must be a string, not undefined"],
    [5, "must be a string, not number"],
    ["mr-out-0", "the job's own files begin with mr-"],
    ["MR-step-1", "the job's own files begin with mr-"],
    ["\ud800", "half of a surrogate pair"],
    ["x".repeat(201), "is too long: its directory would have more than 200 bytes"],
    ["/".repeat(67), "is too long"],
  ])("cannot be made of %j", (name, problem) => {
    expect(() => directoryOfOutput(name)).toThrow(problem);
  });

  it("is one portable name, different for each output, from which other programs read the output's name", () => {
    const names = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((name) => !/^mr-/i.test(name));
    fc.assert(
      fc.property(names, (name) => {
        const directory = directoryOfOutput(name);
        // eslint-disable-next-line no-control-regex -- None must be left.
        expect(directory).not.toMatch(/^\.|[\x00-\x20/\\"':*?<>|]/);
        expect(decodeURIComponent(directory)).toBe(name);
        expect(isDirectoryOfOutput(directory)).toBe(true);
        const file = namedOutputFile(directory, 7, ".jsonl.gz");
        expect([isNamedOutputFile(file), directoryIn(file)]).toEqual([true, directory]);
        expect(withoutDirectory(file)).toMatch(/^named-[0-9a-f]{40}$/);
      }),
    );
  });

  it.each([
    "../part-0",
    "a/../part-0",
    "a/b/part-0",
    "/part-0",
    "part-0",
    "a/part-0/",
    ".a/part-0",
    "mr-step-1/part-0",
    "a/part-x",
    "a/part-0.GZ",
  ])("is not in %s", (name) => {
    expect(isNamedOutputFile(name)).toBe(false);
  });
});
