import { describe, expect } from "vitest";
import { expectRefusal, test, type Place } from "./programs.js";

const reduce = `export const reduce = (key, values) => values.length;`;

/** Does not declare the args that it reads. */
const silent = `export const input = "lines"; ${reduce}
export function map(file, line, ctx) { ctx.emit(ctx.args.upper === "yes" ? line.toUpperCase() : line, 1); }`;

const commands: [name: string, args: string[]][] = [
  ["mr run", ["run", "-w", "1", "-r", "1"]],
  ["mr sequential", ["sequential", "-r", "1"]],
];

function inputOf(place: Place): string {
  return place.write("in.txt", "The Whale\nthe sea\n");
}

describe.each(commands)("%s", (_, command) => {
  test("refuses an --arg that an app does not declare before it begins", async ({ place }) => {
    const input = inputOf(place);
    const grep = await place.run("mr", [...command, "grep", "--arg", "pattern=x", "--arg", "ignorecase=1", input]);
    expectRefusal(
      grep,
      "app grep.js takes no --arg ignorecase; did you mean ignore-case? it takes ignore-case, pattern",
    );
    expectRefusal(
      await place.run("mr", [...command, "wc", "--arg", "flags=i", input]),
      /wc\.js takes no --arg flags; it takes none/,
    );
    expect(place.files()).toEqual(["in.txt"]);
  });

  test("fails when an app that declares none has never read an --arg, names what it looks for, and leaves no output", async ({
    place,
  }) => {
    const app = place.write("app.mjs", silent);
    const { code, stderr } = await place.run("mr", [...command, app, "--arg", "uper=yes", inputOf(place)]);
    expect(stderr).toContain("app app.mjs never read --arg uper");
    expect(stderr).toContain(`let the app export args = ["uper"]`);
    expect(stderr).toContain("did you mean upper?");
    expect(code).not.toBe(0);
    expect(place.files().filter((name) => name.startsWith("mr-output/mr-out"))).toEqual([]);
  });

  test("runs when the app has read all in any task, or had no record to read them for", async ({ place }) => {
    const app = place.write("app.mjs", silent);
    await place.succeed("mr", [...command, "-q", app, "--arg", "upper=yes", inputOf(place)]);
    expect(place.read("mr-output/mr-out-0")).toBe("THE SEA 1\nTHE WHALE 1\n");
    await place.succeed("mr", [...command, "-q", app, "--arg", "uper=yes", place.write("empty.txt", "")]);
    const late = place.write(
      "late.mjs",
      `export const map = (f, t, ctx) => ctx.emit("k", 1); export const reduce = (k, v, { args: { unit } }) => unit;`,
    );
    await place.succeed("mr", [...command, "-q", late, "--arg", "unit=m", inputOf(place)]);
    expect(place.read("mr-output/mr-out-0")).toBe("k m\n");
  });

  test("ignores args from a variable or a config file, which are for many jobs", async ({ place }) => {
    const env = { MR_ARG: "uper=yes" };
    await place.succeed("mr", [...command, "-q", place.write("app.mjs", silent), inputOf(place)], { env });
    await place.succeed("mr", [...command, "-q", "wc", inputOf(place)], { env });
  });
});

test("it is enough that one step of a pipeline reads an --arg", async ({ place }) => {
  const input = inputOf(place);
  const app = place.write(
    "app.mjs",
    `const first = { input: "lines", map: (f, l, ctx) => ctx.emit(l, ctx.args.upper ?? ""), reduce: (k, v) => v[0] };
    const second = { map: (k, v, ctx) => ctx.emit(k, v), reduce: (k, v) => v[0] };
    export const steps = [first, second];`,
  );
  for (const command of ["pipeline", "sequential"]) {
    const files = command === "pipeline" ? ["--input", input] : [input];
    await place.succeed("mr", [command, "-r", "1", "-q", "--arg", "upper=u", app, ...files]);
    expect(place.read("mr-output/mr-out-0")).toBe("The Whale u\nthe sea u\n");
    const { code, stderr } = await place.run("mr", [command, "-r", "1", "--arg", "uper=u", app, ...files]);
    expect(stderr).toContain("never read --arg uper");
    expect(code).not.toBe(0);
    expectRefusal(
      await place.run("mr", [command, "--arg", "n=3", "top-words", ...files]),
      "app top-words.js takes no --arg n; it takes k",
    );
  }
});

test("a coordinator refuses a worker with an --arg that the app does not accept", async ({ place }) => {
  const coordinator = place.start("mr-coordinator", [inputOf(place)]);
  const worker = await place.run("mr-worker", ["wc", "--arg", "flags=i"]);
  expect(worker.stderr).toContain("app wc.js takes no --arg flags");
  expect(worker.code).not.toBe(0);
  await place.succeed("mr-worker", ["wc"]);
  expect((await coordinator.exit()).code).toBe(0);
});

test("a resumed job remembers what was read", async ({ place }) => {
  const app = place.write(
    "app.mjs",
    `import { existsSync } from "node:fs";
    export function map(file, text, ctx) { ctx.emit(ctx.args.unit, 1); }
    export function reduce(key, ones) { if (!existsSync("go")) throw new Error("not yet"); return ones.length; }`,
  );
  const job = [
    "run",
    "-w",
    "1",
    "-r",
    "1",
    "--max-attempts",
    "1",
    "--keep-intermediate",
    app,
    "--arg",
    "unit=m",
    inputOf(place),
  ];
  expect((await place.run("mr", job)).code).toBe(1);
  place.write("go", "");
  await place.succeed("mr", [...job, "--resume"]);
  expect(place.read("mr-output/mr-out-0")).toBe("m 1\n");
  place.leavesFiles = true;
});
