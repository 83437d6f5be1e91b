import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { inByteOrder, sortedOutput, wordCount } from "./oracle.js";
import { expectRefusal, root, test, type Place } from "./programs.js";

const programs = { mr: "mr.js", "mr-coordinator": "mr-coordinator.js", "mr-worker": "mr-worker.js" } as const;
const programOf = (name: keyof typeof programs) => join(root, "dist/src/cli", programs[name]);

/** Counts the records of each input by its name as `map` sees it. */
const byName = `export const map = (file, text, ctx) => ctx.emit(file, text.trim());
  export const reduce = (file, texts) => texts.join("+");`;

function output(place: Place): string[] {
  return sortedOutput(join(place.directory, "mr-output"));
}

/** Runs a line of bash, in which `mr` is the program. */
function bash(place: Place, line: string, cwd = place.directory) {
  const { stdout, stderr, status } = spawnSync(
    "bash",
    ["--norc", "-c", `mr() { node ${programOf("mr")} "$@"; }; ${line}`],
    {
      cwd,
      env: { PATH: process.env["PATH"], TMPDIR: place.directory, MR_SOCKET: place.socket },
      encoding: "utf8",
    },
  );
  return { code: status, stdout, stderr };
}

const succeeded = { code: 0, stdout: "", stderr: "" };

describe.concurrent("a name that is not UTF-8", () => {
  const write = (place: Place) => {
    place.write("in/ok.txt", "ok");
    place.write("app.mjs", byName);
    const latin1 = Buffer.concat([Buffer.from(join(place.directory, "in/caf")), Buffer.from([0xe9, 0x2e, 0x74])]);
    fs.writeFileSync(Buffer.concat([latin1, Buffer.from("xt")]), "coffee");
  };
  const expected = ["in/caf\\xe9.txt coffee", "in/ok.txt ok"];

  for (const command of ["run", "sequential"]) {
    for (const [what, names] of Object.entries({
      "a directory": "--recursive in",
      "a pattern": "'in/*.txt'",
      arguments: "in/*.txt",
      "a list": "--inputs-from <(ls -d in/*)",
      "a list with NUL": "--inputs-from0 <(find in -type f -print0)",
    })) {
      test(`is read, and seen by map with its bytes: mr ${command}, from ${what}`, ({ place }) => {
        write(place);
        expect(bash(place, `mr ${command} -q -r 1 ./app.mjs ${names}`)).toEqual(succeeded);
        expect(output(place)).toEqual(expected);
      });
    }
  }

  test("is read by workers of mr-coordinator", async ({ place }) => {
    write(place);
    const app = "./app.mjs";
    await place.pair(app, ["in"], ["--recursive", "-o", "mr-output"]);
    expect(output(place)).toEqual(expected);
  });

  test("is named exactly in an error, and refused where it does not name an input", ({ place }) => {
    const none = bash(place, `mr run wc $'caf\\xe9'`);
    expect(none).toEqual({ code: 2, stdout: "", stderr: "mr run: cannot read input caf\\xe9: no such file\n" });
    const directory = bash(place, `mr run -o $'caf\\xe9' wc no.txt`);
    expect(directory).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--output-dir caf\\xe9: it is not UTF-8/) as string,
    });
    expect(place.files()).toEqual([]);
  });
});

test("names may contain spaces, line ends, tabs, and characters of patterns and options", async ({ place }) => {
  const names = ["a b", "two\nlines", "tab\there", "[x]*?{y}", "!z", "-r", "é", "back\\slash"];
  for (const name of names) place.write(`in/${name}`, "w");
  place.write("app.mjs", byName.replaceAll("file", "name").replace("ctx.emit(name,", "ctx.emit(JSON.stringify(name),"));
  const expected = inByteOrder(names.map((name) => `${JSON.stringify(`in/${name}`)} w`));
  for (const inputs of [
    names.map((name) => `in/${name}`),
    ["--recursive", "in"],
    ["in/*"],
    ["--inputs-from0", place.write("list", names.map((name) => `in/${name}\0`).join(""))],
  ]) {
    await place.succeed("mr", ["run", "-q", "-r", "1", "app.mjs", ...inputs]);
    expect(output(place)).toEqual(expected);
  }
  fs.renameSync(join(place.directory, "in/-r"), join(place.directory, "-r"));
  await place.succeed("mr", ["run", "-q", "-r", "1", "app.mjs", "--", "-r"]);
  expect(output(place)).toEqual(['"-r" w']);
});

describe.concurrent("a list of names", () => {
  test("that is NUL-terminated is rejected by --inputs-from with advice, and a list of lines by --inputs-from0", ({
    place,
  }) => {
    place.write("in/a", "a");
    const lines = bash(place, `find in -type f -print0 | mr run wc --inputs-from -`);
    expect(lines.code).toBe(2);
    expect(lines.stderr).toMatch(/^mr run: cannot read the list of inputs -: it contains a NUL .* --inputs-from0\n$/);
    const ended = bash(place, `find in -type f | mr run wc --inputs-from0 -`);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^mr run: cannot read the list of inputs -: it contains no NUL .* --inputs-from\n$/);
  });

  test("may come from standard input, by any of its names, but only once", ({ place }) => {
    place.write("in/a", "a b");
    for (const name of ["-", "/dev/stdin", "/dev/fd/0"]) {
      expect(bash(place, `find in -type f -print0 | mr run -q -r 1 wc --inputs-from0 ${name}`)).toEqual(succeeded);
      expect(output(place)).toEqual(wordCount(["a b"]));
    }
    expect(bash(place, `mr run wc --inputs-from - --inputs-from0 - < /dev/null`)).toMatchObject({ code: 2 });
    expect(bash(place, `echo in/a | mr run wc --inputs-from - -`)).toMatchObject({
      code: 2,
      stderr:
        "mr run: standard input can be read only once, but is named several times: copy it to a file, and name the file\n",
    });
  });
});

describe.concurrent("a pipe", () => {
  for (const command of ["run", "sequential"]) {
    test(`is read as standard input is, and several are: mr ${command}`, ({ place }) => {
      place.write("app.mjs", byName);
      execFileSync("mkfifo", ["pipe"], { cwd: place.directory });
      const line = `echo one > pipe & echo three | mr ${command} -q -r 1 ./app.mjs pipe <(echo two) /dev/stdin; wait`;
      expect(bash(place, line)).toEqual(succeeded);
      expect(output(place).map((record) => record.replace(/fd\/\d+/, "fd/N"))).toEqual([
        "/dev/fd/N two",
        "/dev/stdin three",
        "pipe one",
      ]);
      expect(place.files().filter((name) => name.includes("mr-inputs-"))).toEqual([]);
    });
  }

  test("is read by mr-coordinator", async ({ place }) => {
    place.write("in.txt", "a b a");
    const coordinator = spawn(
      process.execPath,
      [programOf("mr-coordinator"), "-q", "-r", "1", "-o", "mr-output", "/dev/stdin"],
      {
        cwd: place.directory,
        env: { PATH: process.env["PATH"], TMPDIR: place.directory, MR_SOCKET: place.socket },
        stdio: ["pipe", "ignore", "inherit"],
      },
    );
    // Standard input is a socket here, which cannot be opened by name.
    coordinator.stdin.end("a b a");
    const ended = once(coordinator, "exit");
    await place.succeed("mr-worker", ["-q", "wc"]);
    expect(await ended).toEqual([0, null]);
    expect(output(place)).toEqual(wordCount(["a b a"]));
  });

  test("is read once", ({ place }) => {
    execFileSync("mkfifo", ["pipe"], { cwd: place.directory });
    expect(bash(place, `mr run wc pipe ./pipe`)).toMatchObject({
      code: 2,
      stderr:
        "mr run: ./pipe can be read only once, but is named several times: copy it to a file, and name the file\n",
    });
    expect(bash(place, `echo a | mr run wc - /dev/stdin`)).toMatchObject({ code: 2 });
    expect(bash(place, `mr run --resume wc <(echo a)`)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /cannot resume a job with input from \/dev\/fd\/\d+, which can be read only once/,
      ) as string,
    });
  });

  test("to a removed file is read, as for a here-document", ({ place }) => {
    place.write("gone", "a b a\n");
    expect(bash(place, `exec 3< gone; rm gone; mr run -q -r 1 wc /dev/fd/3`)).toEqual(succeeded);
    expect(output(place)).toEqual(wordCount(["a b a"]));
  });
});

describe.concurrent("an entry that is not a file", () => {
  test("is skipped in a directory and by a pattern, with one warning, and refused by name", async ({ place }) => {
    place.write("d/x.log", "a b");
    fs.symlinkSync("nowhere", join(place.directory, "d/current.log"));
    execFileSync("mkfifo", ["d/pipe.log"], { cwd: place.directory });
    const server = createServer().listen(join(place.directory, "d/s.log"));
    await once(server, "listening");
    const warning =
      "warning: passed over 3 entries that are not files: d/pipe.log (a named pipe), d/s.log (a socket), " +
      "d/current.log (a link that leads nowhere)\n";
    expect(bash(place, "mr run -q -r 1 wc --recursive d")).toEqual({ ...succeeded, stderr: `mr run: ${warning}` });
    expect(output(place)).toEqual(wordCount(["a b"]));
    const pattern = bash(place, "mr sequential -q -r 1 wc 'd/*.log'");
    expect(pattern).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^mr sequential: warning: passed over 3 /) as string,
    });
    for (const [name, what] of [
      ["d/s.log", "it is not a regular file, but a socket"],
      ["/dev/null", "it is not a regular file, but a character device"],
      ["d/current.log", "no such file"],
    ] as const) {
      expectRefusal(await place.run("mr", ["run", "wc", name]), `cannot read input ${name}: ${what}`);
    }
    server.close();
    await once(server, "close");
  });
});

describe.concurrent("a file of the kernel that says it has 0 bytes", () => {
  const lines = () => fs.readFileSync("/proc/cpuinfo", "utf8").split("\n").filter(Boolean).length;

  for (const [what, args] of Object.entries({
    "mr run": ["run", "-r", "1"],
    "mr sequential": ["sequential", "-r", "1"],
    "mr run of whole files": ["run", "-r", "1"],
  })) {
    test(`is read to its end: ${what}`, async ({ place }) => {
      const isWhole = what.endsWith("files");
      place.write(
        "app.mjs",
        `export const input = ${isWhole ? '"file"' : '"lines"'};
        export const map = (file, text, ctx) => ctx.emit(file, text.split("\\n").filter(Boolean).length);
        export const reduce = (file, counts) => counts.reduce((a, b) => a + b);`,
      );
      await place.succeed("mr", [...args, "-q", "app.mjs", "/proc/cpuinfo"]);
      expect(output(place)).toEqual([`/proc/cpuinfo ${lines()}`]);
    });
  }

  test("is read to its end in a directory, beside others", async ({ place }) => {
    place.write("d/a", "a");
    fs.symlinkSync("/proc/sys/kernel/ostype", join(place.directory, "d/ostype"));
    place.write("app.mjs", byName);
    await place.succeed("mr", ["run", "-q", "-r", "1", "app.mjs", "--recursive", "d"]);
    expect(output(place)).toEqual(["d/a a", "d/ostype Linux"]);
  });
});

describe.concurrent("a current directory that is gone", () => {
  for (const [program, args] of [
    ["mr", ["run", "wc", "/etc/hostname"]],
    ["mr", ["sequential", "wc", "/etc/hostname"]],
    ["mr", ["pipeline", "wc", "--input", "/etc/hostname"]],
    ["mr", ["cat", "/tmp"]],
    ["mr", ["verify", "/tmp"]],
    ["mr", ["init", "new"]],
    ["mr", ["report"]],
    ["mr", ["replay-bad-records", "wc", "/tmp/none"]],
    ["mr-coordinator", ["/etc/hostname"]],
    ["mr-worker", ["wc"]],
  ] as const) {
    test(`is said in one line: ${program} ${args[0]}`, ({ place }) => {
      fs.mkdirSync(join(place.directory, "gone"));
      const { code, stderr } = bash(place, `cd gone && rmdir ../gone && node ${programOf(program)} ${args.join(" ")}`);
      expect({ code, stderr }).toMatchObject({ code: 2 });
      expect(stderr).toMatch(/^mr[a-z -]*: the current directory is gone: .*\n$/);
    });
  }
});
