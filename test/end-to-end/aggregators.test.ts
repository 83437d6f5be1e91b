/**
 * Aggregators in whole jobs, with spills. The expected numbers were computed by DuckDB 1.4 and Python 3.11 from the same
 * rows.
 */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { partitions } from "./oracle.js";
import { linesOf, root, test, type Place } from "./programs.js";

/** 60,000 orders, as CSV; a price in cents has up to six digits. */
function ordersCsv(): string {
  const rows = Array.from({ length: 60_000 }, (_, n) => {
    const cents = (n * 7919) % 100_003;
    return `C${n % 7},${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")},user-${(n * 31) % 2011},/p${(n * n) % 13}\n`;
  });
  return `country,price,user,page\n${rows.join("")}`;
}

const groupBy = `
  import { aggregate, count, distinct, mostFrequent, quantiles, stats, sum } from "mapreduce-ts";
  export const input = "csv";
  export function map(_, row, ctx) {
    const price = Number(row.price);
    ctx.emit(row.country, { orders: 1, total: price, price, users: row.user, someUsers: row.user, page: row.page, levels: price });
  }
  export const { combine, reduce } = aggregate({
    orders: count, total: sum, price: stats, users: distinct, someUsers: distinct.approximate(), page: mostFrequent(2),
    levels: quantiles([0, 0.5, 1]),
  });`;

/** Makes the package importable by its name. */
function install(place: Place): void {
  mkdirSync(join(place.directory, "node_modules"));
  symlinkSync(root, join(place.directory, "node_modules/mapreduce-ts"));
}

/** The whole output, by key. */
function results(place: Place, directory = "out"): Record<string, unknown> {
  const lines = Object.values(partitions(`${place.directory}/${directory}`)).flatMap((bytes) =>
    linesOf(bytes.toString()),
  );
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(" ")), JSON.parse(line.slice(line.indexOf(" "))) as unknown]),
  );
}

describe.concurrent("a job with aggregators", () => {
  test("groups a CSV by a column, with the same bytes however it is split and spilled", async ({ place }) => {
    install(place);
    place.write("app.mjs", groupBy);
    place.write("orders.csv", ordersCsv());
    const given = ["-q", "-r", "3", "app.mjs", "orders.csv"];
    await place.succeed("mr", ["run", "-o", "out", "--memory", "1MiB", "--split-size", "256KiB", ...given]);
    await place.succeed("mr", ["sequential", "-o", "whole", ...given]);
    expect(partitions(`${place.directory}/out`)).toEqual(partitions(`${place.directory}/whole`));
    const found = results(place);
    expect(Object.keys(found).sort()).toEqual(["C0", "C1", "C2", "C3", "C4", "C5", "C6"]);
    expect(found["C3"]).toEqual({
      orders: 8571,
      total: 4287548.95,
      price: {
        count: 8571,
        min: 0.13,
        max: 1000.02,
        sum: 4287548.95,
        mean: 500.23905611947265,
        stddev: 288.70048512226725,
      },
      users: 2011,
      someUsers: expect.closeTo(2011, -2) as unknown,
      page: [
        { value: "/p9", count: 1320 },
        { value: "/p3", count: 1319 },
      ],
      // The median is 500.23.
      levels: { p0: 0.13, p50: expect.closeTo(500.23, -1) as unknown, p100: 1000.02 },
    });
  });

  for (const name of ["sum", "count", "min", "max"]) {
    test(`gives the same files for ${name} as for an unknown function that calls it`, async ({ place }) => {
      install(place);
      const map = `
        export const input = "lines";
        export function map(_, line, ctx) {
          const n = Number(line);
          for (let at = 0; at < 20; at++) {
            ctx.emit("ones " + (n % 11), 1);
            ctx.emit("numbers " + (n % 5), (n * 31 + at) % 1009 - 500);
            ctx.emit("mixed", at % 3 === 0 ? n / 8 : n);
            ctx.emit("large", 2 ** 52 + n);
          }
        }`;
      const numbers = Array.from({ length: 4000 }, (_, n) => `${n}\n`).join("");
      place.write("in.txt", numbers);
      const imported = `import { ${name} as known } from "mapreduce-ts";\n`;
      place.write("known.mjs", `${imported}export const { combine, reduce } = known;${map}`);
      place.write("itself.mjs", `${imported}export const combine = known; export const reduce = known;${map}`);
      const unknown =
        "export const combine = (key, values) => known.combine(key, values);\nexport const reduce = (key, values) => known.reduce(key, values);";
      place.write("unknown.mjs", `${imported}${unknown}${map}`);
      const given = ["-q", "-r", "2", "--memory", "1MiB", "--split-size", "8KiB"];
      for (const app of ["known", "itself", "unknown"]) {
        await place.succeed("mr", ["run", ...given, "-o", app, `${app}.mjs`, "in.txt"]);
      }
      const expected = partitions(`${place.directory}/unknown`);
      expect(partitions(`${place.directory}/known`)).toEqual(expected);
      expect(partitions(`${place.directory}/itself`)).toEqual(expected);
      await place.succeed("mr", ["sequential", ...given, "-o", "sequential", "known.mjs", "in.txt"]);
      expect(partitions(`${place.directory}/sequential`)).toEqual(expected);
    });
  }

  test("names the key and the value of a sum that is none", async ({ place }) => {
    install(place);
    place.write(
      "app.mjs",
      `import { sum } from "mapreduce-ts";
       export const input = "csv";
       export const map = (_, row, ctx) => ctx.emit(row.city, row.price);
       export const { combine, reduce } = sum;`,
    );
    place.write("in.csv", "city,price\nOslo,12.5\nOslo,7\nRome,3\n");
    const ended = await place.start("mr", ["run", "-o", "out", "app.mjs", "in.csv"]).exit();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(
      'sum: for key "Oslo" value is "12.5", a string, but sum takes numbers; convert it with Number(…)',
    );
  });
});
