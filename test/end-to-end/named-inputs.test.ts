/** Jobs whose app declares several inputs: `export const inputs` and `--input NAME=FILE`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { useConsoleExamples } from "./console-examples.js";
import { expectRefusal, linesOf, root, test, type Place } from "./programs.js";

const runExamples = useConsoleExamples();

/** Tags the records of both inputs, and lists for each customer what both say. */
const app = `
  export const inputs = { orders: "jsonl", customers: { input: "csv", csv: { delimiter: ";" } } };
  export const map = {
    orders(file, order, ctx) {
      if (order.amount < 0) throw new Error("a negative amount in " + file);
      ctx.emit(order.customer, "order " + order.amount);
    },
    customers(file, row, ctx) {
      if (row.name.includes("BAD")) throw new Error("a bad name in " + file);
      ctx.emit(row.id, "name " + row.name);
    },
  };
  export const sortValues = true;
  export const reduce = (customer, values) => values.join(", ");
`;

interface Order {
  readonly customer: string;
  readonly amount: number;
}
type Customer = readonly [id: string, name: string];

const orders: Order[] = Array.from({ length: 600 }, (_, n) => ({
  customer: `c${(n * 7) % 90}`,
  amount: (n * 13) % 50,
}));
/** Names with delimiters, quotes and line ends, so that rows and lines differ. */
const customers: Customer[] = Array.from({ length: 100 }, (_, n) => [
  `c${n}`,
  `Ann${n}; "${n % 3}"\nLtd ${"x".repeat(n)}`,
]);

const jsonlOf = (some: readonly Order[]) => some.map((order) => `${JSON.stringify(order)}\n`).join("");
const csvOf = (some: readonly Customer[]) => {
  return `id;name\n${some.map(([id, name]) => `${id};"${name.replaceAll('"', '""')}"\n`).join("")}`;
};

/** The output, made without the engine. */
function joined(someOrders: readonly Order[], someCustomers: readonly Customer[]): string[] {
  const found = new Map<string, string[]>();
  const add = (id: string, text: string) => found.set(id, [...(found.get(id) ?? []), text]);
  for (const { customer, amount } of someOrders) add(customer, `order ${amount}`);
  for (const [id, name] of someCustomers) add(id, `name ${name}`);
  return Array.from(found, ([id, texts]) => `${id} ${JSON.stringify(texts.sort().join(", "))}`).sort();
}

function outputOf(place: Place, directory: string): string[] {
  const files = place.files(directory).filter((name) => name.includes("/mr-out-"));
  return files
    .flatMap((name) => linesOf(place.read(name)))
    .map((line) => {
      const { key, value } = JSON.parse(line) as { key: string; value: string };
      return `${key} ${JSON.stringify(value)}`;
    })
    .sort();
}

const jsonl = ["--output-format", "jsonl"];
const both = ["--input", "orders=orders/*", "--input", "customers=customers.csv", "--input", "customers=more.csv.gz"];

function writeFiles(place: Place): void {
  place.write("app.mjs", app);
  for (let n = 0; n < 60; n++) place.write(`orders/${n}.jsonl`, jsonlOf(orders.slice(n * 10, n * 10 + 10)));
  place.write("customers.csv", csvOf(customers.slice(0, 70)));
  place.write("more.csv.gz", gzipSync(csvOf(customers.slice(70))));
}

describe.concurrent("an app with inputs of several kinds", () => {
  test("maps each file as the input that it is given for, however it is run", async ({ place }) => {
    writeFiles(place);
    const wanted = joined(orders, customers);
    const ways: Record<string, string[]> = {
      plain: ["run", "-r", "3"],
      cut: ["run", "-r", "2", "--split-size", "1KiB", "--no-group", "--partitioner", "range"],
      alone: ["sequential", "-r", "2", "--split-size", "1KiB"],
      flight: ["run", "--map-concurrency", "5", "--skip-bad-records", "1"],
    };
    for (const [name, [command = "", ...args]] of Object.entries(ways)) {
      await place.succeed("mr", [command, "app.mjs", ...args, ...jsonl, ...both, "-o", name]);
      expect(outputOf(place, name)).toEqual(wanted);
    }
    const coordinator = place.start("mr-coordinator", ["-q", ...jsonl, ...both, "-o", "pair"]);
    await place.succeed("mr-worker", ["-q", "app.mjs"]);
    expect(await coordinator.exit()).toMatchObject({ code: 0 });
    expect(outputOf(place, "pair")).toEqual(wanted);
  });

  test("has map tasks of one input each, even if small files share tasks", async ({ place }) => {
    writeFiles(place);
    for (let n = 0; n < 60; n++) place.write(`rows/${n}.csv`, csvOf([[`c${n}`, "x"]]));
    const inputs = ["--input", "customers=rows/*", "--input", "orders=orders/*"];
    const { stdout } = await place.succeed("mr", ["run", "--dry-run", "--json", "-w", "2", "app.mjs", ...inputs]);
    const { splits, mapTasks, app } = JSON.parse(stdout) as {
      app: { input: string };
      mapTasks: number;
      splits: { mapTask: number; file: string; input: string }[];
    };
    expect(app.input).toBe("orders: jsonl, customers: csv");
    expect(splits).toHaveLength(120);
    expect(mapTasks).toBeLessThan(60);
    expect(mapTasks).toBeGreaterThan(1);
    const pairs = new Set(splits.map(({ mapTask, input }) => `${mapTask} ${input}`));
    expect(pairs.size).toBe(mapTasks);
    for (const { file, input } of splits) expect(input).toBe(file.startsWith("rows/") ? "customers" : "orders");
  });

  test("reads a file that is given for two inputs once for each", async ({ place }) => {
    place.write(
      "self.mjs",
      `export const inputs = { left: "lines", right: "lines" };
       export const map = {
         left: (file, line) => [{ key: line, value: "left" }],
         right: (file, line) => [{ key: line, value: "right" }],
       };
       export const sortValues = true;
       export const reduce = (line, sides) => sides.join(" ");`,
    );
    place.write("a.txt", "x\ny\n");
    const inputs = ["--input", "left=a.txt", "--input", "right=a.txt"];
    await place.succeed("mr", ["run", "-q", "-r", "1", "--partitioner", "range", "self.mjs", ...inputs]);
    expect(place.read("mr-output/mr-out-0")).toBe("x left right\ny left right\n");
  });

  test("skips bad records of each kind, and can replay them", async ({ place }) => {
    place.write("app.mjs", app);
    const bad = [{ customer: "c1", amount: -1 }];
    place.write("o.jsonl", jsonlOf(orders.slice(0, 5)) + jsonlOf(bad) + "{oops\n" + jsonlOf(orders.slice(5, 9)));
    place.write("c.csv", csvOf([...customers.slice(0, 3), ["c5", "BAD"], ...customers.slice(3, 6)]));
    const inputs = ["--input", "orders=o.jsonl", "--input", "customers=c.csv"];
    await place.succeed("mr", ["run", "-q", "--skip-bad-records", "3", ...jsonl, "app.mjs", ...inputs]);
    expect(outputOf(place, "mr-output")).toEqual(joined(orders.slice(0, 9), customers.slice(0, 6)));
    const records = linesOf(place.read("mr-output/mr-bad-records.jsonl")).map((line) => JSON.parse(line) as unknown);
    expect(records).toMatchObject([
      { file: "o.jsonl", input: "jsonl", inputName: "orders", text: `${JSON.stringify(bad[0])}\n` },
      { file: "o.jsonl", input: "jsonl", inputName: "orders", text: "{oops\n" },
      { file: "c.csv", input: "csv", inputName: "customers", text: 'c5;"BAD"\n' },
    ]);
    const failing = await place.run("mr", ["replay-bad-records", "app.mjs"]);
    expect(failing.code).toBe(1);
    expect(failing.stderr).toContain("3 of 3 records fail");
    place.write("app.mjs", app.replaceAll("throw new Error(", "void ("));
    const fixed = await place.run("mr", ["replay-bad-records", "app.mjs", ...jsonl]);
    expect(fixed.stderr).toContain("1 of 3 records fails");
    expect(outputOf(place, "mr-replay")).toEqual(joined(bad, [["c5", "BAD"]]));
    place.write("other.mjs", app.replaceAll("customers", "people"));
    expectRefusal(await place.run("mr", ["replay-bad-records", "other.mjs"]), "inputs customers: csv");
  });

  test("is resumed only with each file given for the same input", async ({ place }) => {
    place.write(
      "lines.mjs",
      `import { existsSync } from "node:fs";
       export const inputs = { a: "lines", b: "lines" };
       export const map = { a: (file, line) => [{ key: line, value: "a" }], b(file, line) {
         if (!existsSync("go")) throw new Error("not yet");
         return [{ key: line, value: "b" }];
       } };
       export const reduce = (line, names) => names.join(" ");`,
    );
    place.write("1.txt", "x\n");
    place.write("2.txt", "y\n");
    const job = ["run", "-q", "-w", "1", "-r", "1", "--keep-intermediate", "lines.mjs"];
    const first = ["--input", "a=1.txt", "--input", "b=2.txt"];
    expect(await place.run("mr", [...job, ...first])).toMatchObject({ code: 1 });
    place.write("go", "");
    const swapped = ["--input", "b=1.txt", "--input", "a=2.txt"];
    expectRefusal(
      await place.run("mr", [...job, "--resume", ...swapped]),
      "it had --input a=1.txt, but this one has --input b=1.txt",
    );
    await place.succeed("mr", [...job, "--resume", ...first]);
    place.leavesFiles = true;
    expect(place.read("mr-output/mr-out-0")).toBe("x a\ny b\n");
  });

  test("may be the first step of a pipeline, which is resumed with the same inputs", async ({ place }) => {
    writeFiles(place);
    place.write(
      "count.mjs",
      `import { existsSync } from "node:fs";
       export const map = (customer, texts, ctx) => {
         if (!existsSync("go")) throw new Error("not yet");
         ctx.emit(texts.includes("name ") ? "known" : "unknown", 1);
       };
       export const reduce = (kind, ones) => ones.length;`,
    );
    const job = ["pipeline", "-q", "-r", "1", "app.mjs", "count.mjs"];
    expect(await place.run("mr", [...job, ...both])).toMatchObject({ code: 1 });
    place.write("go", "");
    const other = ["--input", "orders=orders/*", "customers=more.csv.gz", "customers=customers.csv"];
    expectRefusal(await place.run("mr", [...job, "--resume", ...other]), "its input 61 was customers.csv");
    await place.succeed("mr", [...job, "--resume", ...both]);
    expect(place.read("mr-output/mr-out-0")).toBe("known 100\n");
    const unnamed = await place.run("mr", [...job, "-o", "none", "--input", "customers.csv"]);
    expectRefusal(unnamed, "--input customers.csv: write --input NAME=FILE");
  });

  test("takes its inputs from a config file, unless the command line has others", async ({ place }) => {
    writeFiles(place);
    place.write("mr.config.json", JSON.stringify({ input: both.filter((text) => text !== "--input"), quiet: true }));
    await place.succeed("mr", ["run", ...jsonl, "app.mjs"]);
    expect(outputOf(place, "mr-output")).toEqual(joined(orders, customers));
    place.write("words.txt", "a b a\n");
    await place.succeed("mr", ["run", "-r", "1", "-o", "words", "wc", "words.txt"]);
    place.write("list.txt", "words.txt\n");
    await place.succeed("mr", ["run", "-r", "1", "-o", "listed", "wc", "--inputs-from", "list.txt"]);
    for (const directory of ["words", "listed"]) expect(place.read(`${directory}/mr-out-0`)).toBe("a 2\nb 1\n");
  });

  test("is refused when a name is missing, unknown or too many, before anything is written", async ({ place }) => {
    writeFiles(place);
    const usage = "write: --input orders=FILE --input customers=FILE";
    const refusals: [string[], string][] = [
      [["app.mjs", "--input", "orders=orders/*"], `there is no file for the input customers of app app.mjs; ${usage}`],
      [
        ["app.mjs", "customers.csv"],
        `app app.mjs declares inputs, and customers.csv is given for none of them; ${usage}`,
      ],
      [["app.mjs", ...both, "--input", "rows=customers.csv"], `app app.mjs has no input rows; ${usage}`],
      [["wc", "--input", "text=customers.csv"], "app wc.js declares no inputs, so it has none called text"],
      [["app.mjs", "customers.csv", ...both], "customers.csv is given without the name of an input, beside --input"],
      [["app.mjs", ...both, "--inputs-from", "app.mjs"], "a list of inputs does not say which input"],
      [["app.mjs", "--input", "customers.csv"], "--input customers.csv: write --input NAME=FILE"],
    ];
    for (const [args, problem] of refusals) {
      for (const command of ["run", "sequential"]) {
        expectRefusal(await place.run("mr", [command, "-o", "out", ...args]), problem);
        expect(place.exists("out")).toBe(false);
      }
    }
    const coordinator = place.start("mr-coordinator", ["-q", "-o", "out", "--input", "orders=orders/*"]);
    const worker = await place.run("mr-worker", ["-q", "app.mjs"]);
    const problem = `there is no file for the input customers of app app.mjs; ${usage}`;
    expectRefusal(worker, problem);
    expectRefusal(await coordinator.exit(), problem);
    expect(place.files().filter((name) => name.startsWith("out"))).toEqual([]);
  });
});

test("docs/inputs.md shows a job with inputs of several kinds", { timeout: 60_000 }, async ({ place }) => {
  const page = readFileSync(join(root, "docs/inputs.md"), "utf8");
  const section = /^## Inputs of several kinds$.*?(?=^## )/ms.exec(page)?.[0] ?? "";
  expect(section).toContain("```console");
  await runExamples(place, section);
});
