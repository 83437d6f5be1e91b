import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { requireWritableFile } from "../../src/output/destination.js";
import { writeForPerson } from "../../src/output/report.js";

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "mr-report-"));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

describe("a file for the user", () => {
  test("replaces the existing one", () => {
    const path = join(directory, "page.html");
    fs.writeFileSync(path, "old and longer");
    writeForPerson(path, "new");
    expect(fs.readFileSync(path, "utf8")).toBe("new");
    expect(fs.readdirSync(directory)).toEqual(["page.html"]);
  });

  test("is written to the target of a symbolic link, and the link stays", () => {
    const [path, link] = [join(directory, "page.html"), join(directory, "link")];
    fs.writeFileSync(path, "old");
    fs.symlinkSync("page.html", link);
    writeForPerson(link, "new");
    expect(fs.readFileSync(path, "utf8")).toBe("new");
    expect(fs.readlinkSync(link)).toBe("page.html");
  });

  test("is written to the target of links, even if there is no file yet", () => {
    const [folder, first] = [join(directory, "folder"), join(directory, "first")];
    fs.mkdirSync(join(folder, "deep"), { recursive: true });
    fs.symlinkSync("folder/deep", join(directory, "other"));
    // Relative to its real place, which differs from the name of its directory.
    fs.symlinkSync("../page.html", join(folder, "deep", "second"));
    fs.symlinkSync("other/second", first);
    requireWritableFile(first, "the page", []);
    writeForPerson(first, "new");
    expect(fs.readFileSync(join(folder, "page.html"), "utf8")).toBe("new");
    expect(fs.readlinkSync(first)).toBe("other/second");
    expect(fs.readdirSync(folder)).toEqual(["deep", "page.html"]);
  });

  test("must not replace a job's file, directly or through a link", () => {
    const [link, own] = [join(directory, "link"), join(directory, "mr-out-0")];
    fs.symlinkSync("mr-manifest.json", link);
    for (const path of [link, own]) {
      expect(() => requireWritableFile(path, "the page", [])).toThrow(/it has the name of a job's file/);
    }
  });

  test("can be read by those who could read the previous one", () => {
    const path = join(directory, "page.html");
    for (const mode of [0o600, 0o664]) {
      fs.writeFileSync(path, "old");
      fs.chmodSync(path, mode);
      writeForPerson(path, "new");
      expect(fs.statSync(path).mode & 0o777).toBe(mode);
    }
  });

  test("is written into a pipe or a device without replacing it", async () => {
    const path = join(directory, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = spawn("timeout", ["10", "cat", path], { stdio: ["ignore", "pipe", "inherit"] });
    expect(() => requireWritableFile(path, "the page", [])).not.toThrow();
    writeForPerson(path, "what is read");
    expect(fs.lstatSync(path).isFIFO()).toBe(true);
    expect(await text(reader.stdout)).toBe("what is read");
  });
});
