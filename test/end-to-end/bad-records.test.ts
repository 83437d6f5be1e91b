import { join } from "node:path";
import { describe, expect } from "vitest";
import { sortedOutput, wordCount } from "./oracle.js";
import { linesOf, test, until, type Ended, type Place } from "./programs.js";

/**
 * Writes an app that counts words, and does something else at lines with the word `poison`: an expression over `line`
 * and `ctx`. The app gets lines as strings, or as bytes.
 */
function writeApp(place: Place, atPoison: string, { name = "app.mjs", input = "lines", asBytes = false } = {}): string {
  const signature = asBytes ? "mapBytes(file, bytes, ctx)" : "map(file, line, ctx)";
  const line = asBytes ? "const line = Buffer.from(bytes).toString();" : "";
  return place.write(
    name,
    `export const input = ${JSON.stringify(input)}; export const args = ["x"];
    export function ${signature} {
      ${line}
      if (line.includes("poison")) ${atPoison};
      for (const word of line.match(/\\p{L}+/gu) ?? []) ctx.emit(word, 1);
    }
    export const reduce = (word, ones) => ones.length;`,
  );
}

const throwing = `throw new RangeError("cannot take " + JSON.stringify(line) + " at " + ctx.offset)`;
const harmless = `ctx.emit("antidote", 1)`;

/** Some files with five bad lines among other text. */
function writeInputs(place: Place): string[] {
  const filler = (words: string, lines: number) => `${words}\n`.repeat(lines);
  return [
    place.write("a.txt", `${filler("one two", 50)}poison é\r\n${filler("three", 50)}poison é\r\nlast`),
    place.write("b.txt", `poison first\n${filler("b", 20)}`),
    place.write("c.txt", filler("fine and good", 30)),
    place.write(
      "d.txt",
      Buffer.concat([Buffer.from("d é\nx "), Buffer.from([0xff, 0xfe]), Buffer.from(" poison\nd\nwithout end poison")]),
    ),
  ];
}

interface BadLine {
  readonly file: string;
  readonly path: string;
  readonly offset: number;
  readonly endOffset: number;
  readonly input: string;
  readonly text?: string;
  readonly base64?: string;
  readonly error: { readonly message: string; readonly stack?: string };
  readonly task: number;
}

function badRecords(place: Place, directory = "mr-output"): BadLine[] {
  return linesOf(place.read(`${directory}/mr-bad-records.jsonl`)).map((line) => JSON.parse(line) as BadLine);
}

/** The lines of the inputs with their endings, as raw bytes; poisoned or not. */
function linesOfInputs(place: Place, names: readonly string[], poisoned: boolean) {
  return names.flatMap((file) => {
    let offset = 0;
    // In this encoding, each byte is one character.
    const lines =
      place
        .readBytes(file)
        .toString("latin1")
        .match(/[^\n]*\n|[^\n]+$/g) ?? [];
    return lines.flatMap((line) => {
      const bytes = Buffer.from(line, "latin1");
      offset += bytes.length;
      return line.includes("poison") === poisoned ? [{ file, offset: offset - bytes.length, bytes }] : [];
    });
  });
}

function withoutPoison(place: Place, names: readonly string[]): string[] {
  return wordCount(linesOfInputs(place, names, false).map(({ bytes }) => bytes));
}

function output(place: Place, directory = "mr-output"): string[] {
  return sortedOutput(join(place.directory, directory));
}

function expectLeftOut(place: Place, { stderr }: Ended, names: readonly string[], count: number): void {
  expect(output(place)).toEqual(withoutPoison(place, names));
  expect(badRecords(place)).toHaveLength(count);
  expect(stderr).toMatch(new RegExp(`left out ${count} bad records?: mr-output/mr-bad-records.jsonl$`, "m"));
}

describe.concurrent("bad records", () => {
  for (const asBytes of [false, true]) {
    test(`are left out and kept, with their bytes and errors, when map has lines as ${asBytes ? "bytes" : "strings"}`, async ({
      place,
    }) => {
      const app = writeApp(place, throwing, { asBytes });
      const inputs = writeInputs(place);
      const ended = await place.succeed("mr", ["run", "-w", "2", "--skip-bad-records", "5", app, ...inputs]);
      expectLeftOut(place, ended, inputs, 5);
      const kept = badRecords(place);
      const expected = linesOfInputs(place, inputs, true).map(({ file, offset, bytes }) => ({
        file,
        path: join(place.directory, file),
        offset,
        endOffset: offset + bytes.length,
        input: "lines",
        ...(bytes.includes(0xff) ? { base64: bytes.toString("base64") } : { text: bytes.toString() }),
        task: inputs.indexOf(file),
      }));
      expect(kept).toMatchObject(expected);
      for (const { offset, error } of kept) {
        expect(error.message).toMatch(new RegExp(`^RangeError: cannot take ".*poison.*" at ${offset}$`));
        expect(error.stack).toMatch(asBytes ? /at Module\.mapBytes .*app\.mjs:4:/ : /at Module\.map .*app\.mjs:4:/);
      }
      expect(kept.map(({ text }) => text)).toEqual([
        "poison é\r\n",
        "poison é\r\n",
        "poison first\n",
        undefined,
        "without end poison",
      ]);
    });
  }

  test("fail the job when there is one more than allowed, and the error names it and the limit", async ({ place }) => {
    const app = writeApp(place, throwing);
    const inputs = writeInputs(place);
    const ended = await place.run("mr", ["run", "-w", "2", "--skip-bad-records", "4", app, ...inputs]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/the job failed: map task \d \([abd]\.txt\): RangeError: cannot take ".*poison/);
    expect(ended.stderr).toMatch(/cannot take .* at \d+$/m);
    expect(ended.stderr).toContain("4 bad records may be skipped (--skip-bad-records), and this is one more");
    expect(place.files("mr-output")).toEqual(["mr-output/mr-report.json"]);
  });

  test("name file and byte when they fail the job and are not at its beginning", async ({ place }) => {
    const app = writeApp(place, throwing);
    const input = place.write("in.txt", "good\npoison\npoison\n");
    const ended = await place.run("mr", ["run", "--skip-bad-records", "1", app, input]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("at the record that begins at byte 12 of in.txt");
    expect(ended.stderr).toContain("1 bad record may be skipped");
  });

  test("that are malformed fail a job that skips none, and the error says how to skip them", async ({ place }) => {
    const app = place.write(
      "app.mjs",
      `export const input = "jsonl";
       export const map = (file, row, ctx) => ctx.emit(row.a, 1);
       export const reduce = (key, ones) => ones.length;`,
    );
    const input = place.write("in.jsonl", '{"a":"x"}\n{"a":\n{"a":"x"}\n');
    const ended = await place.run("mr", ["run", app, input]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("in.jsonl, line 2: not JSON: ");
    expect(ended.stderr).toContain("\nif that record is at fault, --skip-bad-records 1 skips it\n");
    await place.succeed("mr", ["run", "-r", "1", "--skip-bad-records", "1", app, input]);
    expect(place.read("mr-output/mr-out-0")).toBe("x 2\n");
  });

  test("are not identified when none may be skipped", async ({ place }) => {
    const app = writeApp(place, throwing);
    const input = place.write("in.txt", "good\npoison\n");
    const ended = await place.run("mr", ["run", app, input]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).not.toContain("skip");
  });

  test("do not use up the attempts of their task, however many they are", async ({ place }) => {
    const app = writeApp(place, throwing);
    const input = place.write("in.txt", "poison\ngood\n".repeat(8));
    const args = ["run", "-w", "2", "--max-attempts", "2", "--skip-bad-records", "8", app, input];
    expectLeftOut(place, await place.succeed("mr", args), [input], 8);
  });

  for (const [what, atPoison] of Object.entries({
    "the thread, by process.exit": `process.exit(3)`,
    "the whole process, by SIGKILL": `process.kill(process.pid, "SIGKILL")`,
    "the whole process, by an abort": `process.abort()`,
    "the thread, by what it throws in a callback": `return new Promise(() => setImmediate(() => { throw new Error("late") }))`,
  })) {
    test(`are found when they end ${what}`, async ({ place }) => {
      const app = writeApp(place, atPoison);
      const inputs = [
        place.write("a.txt", "a\n".repeat(100) + "poison 1\nb\npoison 2\nc\n"),
        place.write("b.txt", "d\npoison 3"),
      ];
      const args = ["run", "-w", "2", "-o", "mr-output", "--skip-bad-records", "3", app, ...inputs];
      expectLeftOut(place, await place.succeed("mr", args), inputs, 3);
      expect(badRecords(place).map(({ file, offset, text }) => [file, offset, text])).toEqual([
        ["a.txt", 200, "poison 1\n"],
        ["a.txt", 211, "poison 2\n"],
        ["b.txt", 2, "poison 3"],
      ]);
    });
  }

  for (const [what, concurrency, atPoison] of [
    ["an error of combine", 1, `throw new Error("no sum")`],
    ["an error of combine with several records in flight", 4, `throw new Error("no sum")`],
    ["a crash of combine", 1, `process.kill(process.pid, "SIGKILL")`],
    ["an endless loop of combine with several records in flight", 4, `for (;;)`],
  ] as const) {
    test(`are not blamed for ${what}, whose values are those of several`, async ({ place }) => {
      const app = place.write(
        "app.mjs",
        `export const input = "lines"; export const concurrency = ${concurrency};
         export const map = async (file, line, ctx) => ctx.emit("all", [Number(line)]);
         export const combine = (key, values) => {
           if (values.some(([n]) => n === 60)) ${atPoison};
           return [values.reduce((sum, [n]) => sum + n, 0)];
         };
         export const reduce = combine;`,
      );
      const input = place.write("in.txt", Array.from({ length: 120 }, (_, n) => `${n}\n`).join(""));
      const limits = ["--max-attempts", "3", "--max-crashes", "3", "--attempt-timeout", "500ms"];
      const ended = await place.run("mr", ["run", "-w", "1", ...limits, "--skip-bad-records", "100", app, input]);
      expect(ended.code).toBe(1);
      expect(ended.stderr).not.toContain("skipped");
      expect(ended.stderr).not.toContain("the record:");
    });
  }

  test("are found by a coordinator whose workers were started by hand", async ({ place }) => {
    const app = writeApp(place, `process.exit(3)`);
    const inputs = writeInputs(place);
    const ended = await place.pair(app, inputs, ["-o", "mr-output", "--skip-bad-records", "5"]);
    expectLeftOut(place, ended, inputs, 5);
  });

  test("are whole files, or splits of a file, for apps that read those", async ({ place }) => {
    const app = writeApp(place, throwing, { input: "file" });
    const inputs = [place.write("good.txt", "a b"), place.write("bad.txt", "c\npoison\nd\n")];
    await place.succeed("mr", ["run", "--skip-bad-records", "1", app, ...inputs]);
    expect(output(place)).toEqual(["a 1", "b 1"]);
    expect(badRecords(place)).toMatchObject([{ file: "bad.txt", offset: 0, endOffset: 11, input: "file" }]);
    const split = writeApp(place, throwing, { name: "split.mjs", input: "text" });
    const long = place.write("long.txt", "x\n".repeat(1000) + "poison\n" + "y\n".repeat(1000));
    await place.succeed("mr", ["run", "--split-size", "1KiB", "--skip-bad-records", "1", split, long]);
    const [record] = badRecords(place);
    expect(record?.text).toContain("poison");
    const [left, all] = [output(place), wordCount([place.read(long), record?.text ?? ""])];
    expect(left.length).toBeGreaterThan(0);
    expect(sum(left)).toBe(sum(all) - 2 * sum(wordCount([record?.text ?? ""])));
  });

  test("of an earlier job are removed by a job that has none", async ({ place }) => {
    const app = writeApp(place, throwing);
    place.write("mr-output/mr-bad-records.jsonl", "{}\n");
    place.write("in.txt", "good");
    const { stderr } = await place.succeed("mr", ["run", "--skip-bad-records", "3", app, "in.txt"]);
    expect(place.exists("mr-output/mr-bad-records.jsonl")).toBe(false);
    expect(stderr).not.toContain("bad record");
  });

  test("are named in the log up to the fifth, and all kept in their file", async ({ place }) => {
    place.write("in.txt", Array.from({ length: 60 }, (_, n) => `${n % 3 === 0 ? "bad" : "good"}${n}\n`).join(""));
    place.write(
      "app.mjs",
      `export const input = "lines";
      export const map = (file, line, ctx) => {
        if (line.startsWith("bad")) throw new Error("no " + line);
        ctx.emit("good", 1);
      };
      export const reduce = (key, ones) => ones.length;`,
    );
    const given = ["-w", "1", "-r", "1", "--skip-bad-records", "50", "app.mjs", "in.txt"];
    const { stderr } = await place.succeed("mr", ["run", ...given]);
    expect(place.read("mr-output/mr-out-0")).toBe("good 40\n");
    expect(place.read("mr-output/mr-bad-records.jsonl").match(/\n/g)).toHaveLength(20);
    expect(stderr.match(/the record at byte \d+ is skipped: Error: no bad\d+$/gm)).toHaveLength(5);
    expect(stderr.match(/further bad records are skipped without a message/g)).toHaveLength(1);
    expect(stderr.match(/Error: no bad/g)).toHaveLength(5);
    expect(stderr.match(/left out 20 bad records: mr-output\/mr-bad-records\.jsonl/g)).toHaveLength(1);
    expect(stderr).not.toContain("tried again");
  });

  for (const [what, options, others] of [
    ["one record after the other", [], ""],
    ["several records in flight", [], "export const concurrency = 3;"],
    ["no reduce tasks", ["-r", "0"], ""],
  ] as const) {
    test(`cost no attempt, and leave nothing behind, with ${what}`, async ({ place }) => {
      const lines = Array.from({ length: 400 }, (_, n) => (n % 7 === 3 ? `bad${n}` : `good${n}`));
      const inputs = [0, 1].map((file) => {
        return place.write(`${file}.txt`, lines.slice(200 * file, 200 * file + 200).join("\n"));
      });
      const app = place.write(
        "app.mjs",
        `export const input = "lines"; ${others}
        export const map = async (file, line, ctx) => {
          ctx.emit(line, 1);
          ctx.counter("lines").add();
          ctx.sideFile("lines").write(line + "\\n");
          await undefined;
          if (line.startsWith("bad")) throw new Error("no " + line);
        };
        export const reduce = (key, ones) => ones.length;`,
      );
      const given = ["--skip-bad-records", "1000", "--json", "--no-group", ...options, app, ...inputs];
      const { stdout } = await place.succeed("mr", ["run", "-w", "2", ...given]);
      const good = lines.filter((line) => line.startsWith("good"));
      expect(output(place)).toEqual(good.map((line) => `${line} 1`).sort());
      expect(badRecords(place).map(({ text }) => text?.trim())).toEqual(lines.filter((line) => line.startsWith("bad")));
      const side = [0, 1].flatMap((task) => linesOf(place.read(`mr-output/mr-side-map-${task}-lines`)));
      expect(side).toEqual(good);
      const report = JSON.parse(stdout) as { attempts: object; recordsSkipped: number; map: object };
      expect(report).toMatchObject({
        attempts: { failed: 0, crashed: 0 },
        recordsSkipped: lines.length - good.length,
        map: { recordsIn: good.length, counters: { lines: good.length } },
      });
    });
  }

  test("are skipped by the workers of a coordinator, also when map throws", async ({ place }) => {
    const app = writeApp(place, throwing);
    const inputs = writeInputs(place);
    const ended = await place.pair(app, inputs, ["-o", "mr-output", "--skip-bad-records", "5"]);
    expectLeftOut(place, ended, inputs, 5);
    expect(ended.stderr).not.toContain("attempt 2");
  });

  test("count once when their attempt is killed before it commits", async ({ place }) => {
    const app = place.write(
      "app.mjs",
      `import { existsSync, writeFileSync } from "node:fs";
      export const input = "lines";
      export const map = (file, line, ctx) => {
        ctx.counter("lines").add();
        ctx.emit(line, 1);
        if (line === "bad") throw new Error("no");
        if (line !== "kill" || existsSync("killed")) return;
        writeFileSync("killed", "");
        process.kill(process.pid, "SIGKILL");
      };
      export const reduce = (key, ones) => ones.length;`,
    );
    place.write("in.txt", "good\nbad\nbad\ngood\nkill\nbad\ngood\n");
    const given = ["-r", "1", "--skip-bad-records", "3", "--json", app, "in.txt"];
    const { stdout } = await place.succeed("mr", ["run", "-w", "1", ...given]);
    expect(place.read("mr-output/mr-out-0")).toBe("good 3\nkill 1\n");
    expect(badRecords(place).map(({ offset }) => offset)).toEqual([5, 9, 23]);
    const report = JSON.parse(stdout) as object;
    expect(report).toMatchObject({ attempts: { failed: 0, crashed: 1 }, map: { counters: { lines: 4 } } });
  });

  test("stay skipped when the job is resumed, and count towards its limit", async ({ place }) => {
    const app = place.write(
      "app.mjs",
      `import { appendFileSync, existsSync } from "node:fs";
      export const input = "lines";
      export const map = (file, line, ctx) => {
        appendFileSync("mapped", line + " ");
        ctx.emit(line, 1);
        if (line === "bad") throw new Error("no");
      };
      export const reduce = (key, ones) => {
        if (!existsSync("works")) throw new Error("not yet");
        return ones.length;
      };`,
    );
    place.write("in.txt", "good\nbad\nbad\ngood\n");
    const given = ["run", "-w", "1", "-r", "1", "--max-attempts", "2"];
    const skip = (limit: number) => ["--skip-bad-records", String(limit), app, "in.txt"];
    expect(await place.run("mr", [...given, "--keep-intermediate", ...skip(2)])).toMatchObject({ code: 1 });
    place.write("works", "");
    const refused = await place.run("mr", [...given, "--resume", ...skip(1)]);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("2 bad records are left out already, and --skip-bad-records is 1");
    await place.succeed("mr", [...given, "--resume", ...skip(2)]);
    expect(place.read("mapped")).toBe("good bad bad bad bad good ");
    expect(place.read("mr-output/mr-out-0")).toBe("good 2\n");
    expect(badRecords(place).map(({ offset, error }) => [offset, error.message])).toEqual([
      [5, "Error: no"],
      [9, "Error: no"],
    ]);
  });

  test("may be many, each with an error of its own", async ({ place }) => {
    const lines = Array.from({ length: 60_000 }, (_, n) => (n % 3 === 0 ? `bad ${n}` : `good ${n % 2}`));
    place.write("in.txt", `${lines.join("\n")}\n`);
    place.write(
      "app.mjs",
      `export const input = "lines";
      export const map = (file, line, ctx) => {
        const [word, n] = line.split(" ");
        if (word === "bad") throw new RangeError("no " + n + " in " + JSON.stringify(line));
        ctx.emit(word + n, 1);
      };
      export const reduce = (key, ones) => ones.length;`,
    );
    const given = ["-r", "1", "--skip-bad-records", "20000", "app.mjs", "in.txt"];
    await place.succeed("mr", ["run", "-w", "2", ...given]);
    expect(place.read("mr-output/mr-out-0")).toBe("good0 20000\ngood1 20000\n");
    const bad = badRecords(place);
    expect(bad).toHaveLength(20_000);
    expect(bad.map(({ text }) => text)).toEqual(
      lines.filter((line) => line.startsWith("bad")).map((line) => `${line}\n`),
    );
    expect(bad.at(-1)?.error.message).toBe('RangeError: no 59997 in "bad 59997"');
  });

  test("are shown at once by mr sequential", async ({ place }) => {
    const app = writeApp(place, throwing);
    const input = place.write("in.txt", "good\npoison\n");
    const ended = await place.run("mr", ["sequential", app, input]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`RangeError: cannot take "poison" at 5`);
  });
});

describe.concurrent("mr replay-bad-records", () => {
  for (const asBytes of [false, true]) {
    test(`makes up for what is missing once the app is corrected, with lines as ${asBytes ? "bytes" : "strings"}`, async ({
      place,
    }) => {
      const app = writeApp(place, throwing, { asBytes });
      const inputs = writeInputs(place);
      await place.succeed("mr", ["run", "--skip-bad-records", "5", app, ...inputs]);
      writeApp(place, harmless, { asBytes });
      const { stdout, stderr } = await place.succeed("mr", ["replay-bad-records", "-r", "3", app]);
      const places = linesOfInputs(place, inputs, true).map(({ file, offset }) => `${file}:${offset} ok`);
      expect(linesOf(stdout).map((line) => line.replace(/ \(\d pairs\)$/, ""))).toEqual(places);
      expect(stderr).toContain("all 5 records pass: the output is in mr-replay/mr-out-0 … mr-out-2");
      await place.succeed("mr", ["sequential", "-o", "all", app, ...inputs]);
      expect(added(output(place), output(place, "mr-replay"))).toEqual(added(output(place, "all")));
      expect(output(place, "mr-replay").length).toBeGreaterThan(0);
    });
  }

  for (const [input, asBytes] of [
    ["lines", false],
    ["lines", true],
    ["text", true],
    ["text", false],
    ["file", false],
    ["file", true],
  ] as const) {
    test(`gives map what the job has given it: ${input} as ${asBytes ? "bytes" : "a string"}`, async ({ place }) => {
      const echo = `ctx.emit(JSON.stringify([file, line, ctx.filename, ctx.offset, ctx.task, ctx.args]), 1)`;
      const inputs = writeInputs(place);
      const app = writeApp(place, throwing, { input, asBytes });
      const args = ["--arg", "x=1"];
      await place.succeed("mr", ["run", ...args, "--skip-bad-records", "9", app, ...inputs]);
      writeApp(place, echo, { input, asBytes });
      await place.succeed("mr", ["replay-bad-records", ...args, app]);
      await place.succeed("mr", ["sequential", "-o", "all", ...args, app, ...inputs]);
      const echoed = (directory: string) => output(place, directory).filter((line) => line.startsWith("["));
      expect(echoed("mr-replay")).toEqual(echoed("all"));
      expect(echoed("mr-replay").length).toBeGreaterThan(2);
    });
  }

  test("shows what still fails, in the app's own frames, and reduces the rest", async ({ place }) => {
    const app = writeApp(place, throwing);
    const inputs = writeInputs(place);
    await place.succeed("mr", ["run", "--skip-bad-records", "5", app, ...inputs]);
    writeApp(place, `{ console.log("seen"); ctx.emit("half", 1); if (line.includes("é")) ${throwing} }`);
    const { code, stdout, stderr } = await place.run("mr", ["replay-bad-records", app]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^a\.txt:400 failed: RangeError: cannot take "poison é" at 400\n {4}at Module\.map .*app\.mjs:4:/m,
    );
    expect(stdout).not.toMatch(/node:internal|dist\/src/);
    expect(stdout.match(/^\w\.txt:\d+ failed: /gm)).toHaveLength(2);
    expect(stdout.match(/^\w\.txt:\d+ ok \(/gm)).toHaveLength(3);
    expect(stderr.match(/^\[map \d\] seen$/gm)).toHaveLength(5);
    expect(stderr).toContain("2 of 5 records fail; the output of the others is in mr-replay/mr-out-0");
    expect(output(place, "mr-replay")).toContain("half 3");
  });

  for (const [what, atPoison] of Object.entries({
    "in a callback": `setTimeout(() => { throw new Error("late") }); if (line.includes("poison")) return new Promise(() => {})`,
    "in a promise that nobody awaits": `void Promise.reject(new Error("late"))`,
  })) {
    test(`puts an error ${what} down to its record`, async ({ place }) => {
      const app = writeApp(place, throwing);
      const inputs = writeInputs(place);
      await place.succeed("mr", ["run", "--skip-bad-records", "5", app, ...inputs]);
      writeApp(place, `if (line.includes("first")) { ${atPoison} }`);
      const { code, stdout } = await place.run("mr", ["replay-bad-records", app]);
      expect([code, linesOf(stdout).filter((line) => / (ok|failed)/.test(line))]).toEqual([
        1,
        [
          "a.txt:400 ok (2 pairs)",
          "a.txt:711 ok (2 pairs)",
          "b.txt:0 failed: Error: late",
          "d.txt:5 ok (2 pairs)",
          "d.txt:19 ok (3 pairs)",
        ],
      ]);
    });
  }

  test("says at which record the app ended the process, and leaves nothing", async ({ place }) => {
    const app = writeApp(place, throwing);
    const inputs = writeInputs(place);
    await place.succeed("mr", ["run", "--skip-bad-records", "5", app, ...inputs]);
    writeApp(place, `if (line.includes("first")) process.exit(0)`);
    const { code, stdout, stderr } = await place.run("mr", ["replay-bad-records", app]);
    expect(code).toBe(1);
    expect(linesOf(stdout).at(-1)).toBe("b.txt:0 failed: the process ends");
    expect(stderr).toContain("the app ended the process at b.txt:0");
    await until(
      () => !place.exists("mr-replay"),
      () => "its directory to be removed",
    );
  });

  test("indents the other lines of an error, which could look like results", async ({ place }) => {
    const app = writeApp(place, `throw new Error("no\\na.txt:7 ok (2 pairs)")`);
    const input = place.write("in.txt", "good\npoison");
    await place.succeed("mr", ["run", "--skip-bad-records", "1", app, input]);
    const { stdout } = await place.run("mr", ["replay-bad-records", app]);
    expect(linesOf(stdout).slice(0, 2)).toEqual(["in.txt:5 failed: Error: no", "    a.txt:7 ok (2 pairs)"]);
  });

  test("prints only failures with --quiet", async ({ place }) => {
    const app = writeApp(place, throwing);
    const input = place.write("in.txt", "poison 1\npoison 2\n");
    await place.succeed("mr", ["run", "--skip-bad-records", "2", app, input]);
    writeApp(place, `if (line.includes("2")) throw new Error("no")`);
    const { stdout } = await place.run("mr", ["replay-bad-records", "--quiet", app]);
    expect(linesOf(stdout)[0]).toBe("in.txt:9 failed: Error: no");
    writeApp(place, harmless);
    const { stdout: nothing, stderr } = await place.succeed("mr", ["replay-bad-records", "--quiet", app]);
    expect([nothing, stderr]).toEqual(["", ""]);
  });

  test("refuses a file that is missing, empty, damaged or of an app with other input", async ({ place }) => {
    const app = writeApp(place, throwing);
    const input = place.write("in.txt", "poison 1\npoison 2\n");
    await place.succeed("mr", ["run", "--skip-bad-records", "2", app, input]);
    const [first = "", second = ""] = linesOf(place.read("mr-output/mr-bad-records.jsonl"));
    place.write("empty.jsonl", "");
    place.write("cut.jsonl", `${first}\n${second.slice(0, -5)}`);
    place.write("changed.jsonl", `${first}\n${second.replace("poison 2", "poison")}\n`);
    place.write("lines.jsonl", `${first}\n${second}\n`);
    const whole = writeApp(place, throwing, { name: "whole.mjs", input: "file" });
    const before = place.files();
    for (const [args, says] of [
      [[app, "no-such-file"], /cannot read input no-such-file: no such file/],
      [[app, "empty.jsonl"], /empty\.jsonl contains no records/],
      [[app, "cut.jsonl"], /cut\.jsonl: line 2 is damaged/],
      [[app, "changed.jsonl"], /changed\.jsonl: line 2 is damaged/],
      [
        [whole, "lines.jsonl"],
        /lines\.jsonl: line 1 is a record of an app with input "lines", but whole\.mjs has "file"/,
      ],
      [["-o", "mr-output", app], /mr-bad-records\.jsonl is in the output directory mr-output.*choose another/],
      [[app, "lines.jsonl", "more"], /too many arguments/],
    ] as const) {
      const { code, stdout, stderr } = await place.run("mr", ["replay-bad-records", ...args]);
      expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(says)]);
    }
    expect(place.files()).toEqual(before);
  });
});

function sum(output: readonly string[]): number {
  return output.reduce((total, line) => total + Number(line.split(" ").at(-1)), 0);
}

/** Adds up outputs of counts, word by word. */
function added(...outputs: readonly string[][]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of outputs.flat()) {
    const [word = "", count] = line.split(" ");
    counts[word] = (counts[word] ?? 0) + Number(count);
  }
  return counts;
}
