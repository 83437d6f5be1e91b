import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesOfName,
  fsPath,
  isUtf8Name,
  nameOfBytes,
  shownName,
  withExactBytes,
} from "../../src/storage/file-name.js";
import { useTemporaryDirectory } from "../support/temporary-directory.js";

const temporary = useTemporaryDirectory();

const latin1 = Buffer.from("caf\xe9.txt", "latin1");
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array)),
  fc
    .array(fc.constantFrom("a", "é", "😀", "\u{10080}", "\xe9", "\xc3", "\xf0\x9f\x98"), { maxLength: 6 })
    .map((pieces) => {
      return Buffer.concat(pieces.map((text) => Buffer.from(text, text > "\xff" || text === "é" ? "utf8" : "latin1")));
    }),
);

describe("a name of a file", () => {
  it("is text when it is UTF-8, and otherwise still converts back to its bytes, even through JSON", () => {
    fc.assert(
      fc.property(bytes, (bytes) => {
        const name = JSON.parse(JSON.stringify(nameOfBytes(bytes))) as string;
        expect(bytesOfName(name)).toEqual(bytes);
        const isUtf8 = Buffer.from(bytes.toString("utf8")).equals(bytes);
        expect(isUtf8Name(name)).toBe(isUtf8);
        if (isUtf8) expect(name).toBe(bytes.toString("utf8"));
        expect(isUtf8Name(shownName(name))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps a character whose second surrogate looks like an escaped byte", () => {
    const mixed = Buffer.concat([Buffer.from("\u{10080}"), Buffer.from([0x80])]);
    expect(nameOfBytes(mixed)).toBe("\u{10080}\udc80");
    expect(bytesOfName(nameOfBytes(mixed))).toEqual(mixed);
    expect(shownName(nameOfBytes(mixed))).toBe("\u{10080}\\x80");
  });

  it("is shown with the bytes that are not UTF-8", () => {
    expect(nameOfBytes(latin1)).toBe("caf\udce9.txt");
    expect(shownName("caf\udce9.txt")).toBe("caf\\xe9.txt");
    expect(shownName("é\u{1f40b}")).toBe("é\u{1f40b}");
  });

  it("is accepted by the file system", () => {
    const directory = temporary.newDirectory();
    writeFileSync(fsPath(`${directory}/caf\udce9.txt`), "");
    mkdirSync(fsPath(`${directory}/é`));
    expect(readdirSync(directory, "buffer").sort((a, b) => Buffer.compare(a, b))).toEqual([latin1, Buffer.from("é")]);
  });
});

describe("arguments", () => {
  const commandLine = (...parts: (string | Buffer)[]) =>
    Buffer.concat(parts.flatMap((part) => [Buffer.from(part), Buffer.from([0])]));

  it("have the bytes that Node lost", () => {
    const exact = commandLine("node", "--enable-source-maps", "mr.js", "run", latin1, "é", "\ufffd");
    const decoded = ["/usr/bin/node", "/x/mr.js", "run", latin1.toString(), "é", "\ufffd"];
    expect(withExactBytes(decoded, () => exact)).toEqual([
      "/usr/bin/node",
      "/x/mr.js",
      "run",
      "caf\udce9.txt",
      "é",
      "\ufffd",
    ]);
  });

  it("stay unchanged when nothing is lost, or when the lost bytes are unknown", () => {
    const fail = () => {
      throw new Error("there is no /proc");
    };
    expect(withExactBytes(["node", "é"], fail)).toEqual(["node", "é"]);
    expect(withExactBytes(["node", "\ufffd"], fail)).toEqual(["node", "\ufffd"]);
    expect(withExactBytes(["node", "a\ufffd"], () => commandLine("node", "other"))).toEqual(["node", "a\ufffd"]);
  });
});
