import { expect } from "vitest";
import { linesOf, test } from "./programs.js";

const counting = `
export const input = "lines";
export function* map(file, line) { for (const word of line.split(" ")) yield { key: word, value: 1 }; }
`;

for (const command of ["run", "sequential"]) {
  test(`mr ${command} writes a line for each value that reduce yields, whatever kind of iterator that is`, async ({
    place,
  }) => {
    place.write("words.txt", "the whale the sea\n");
    const reduces = [
      "export function* reduce(word, ones) { yield ones.length; yield word.length; }",
      "export async function* reduce(word, ones) { yield ones.length; await null; yield word.length; }",
      "export async function reduce(word, ones) { return [ones.length, word.length].values(); }",
      "export function* reduceStream(word, ones) { let n = 0; for (const one of ones) n += one; yield n; yield word.length; }",
    ];
    for (const reduce of reduces) {
      place.write("app.mjs", counting + reduce);
      await place.succeed("mr", [command, "-q", "-r", "1", "-o", "out", "app.mjs", "words.txt"]);
      expect(linesOf(place.read("out/mr-out-0"))).toEqual(["sea 1", "sea 3", "the 2", "the 3", "whale 1", "whale 5"]);
    }
  });

  test(`mr ${command} gives reduce each value that combine yields, also of pairs that were spilled`, async ({
    place,
  }) => {
    place.write(
      "app.mjs",
      `export const input = "lines";
       export function* map(file, line) { for (let n = 0; n < 300_000; n++) yield { key: "k" + (n % 5), value: 1 + (n % 3) }; }
       export function* combine(key, values) {
         let [odd, even] = [0, 0];
         for (const value of values) if (value % 2 === 1) odd += value; else even += value;
         if (odd > 0) yield odd % 2 === 1 ? odd : odd - 1;
         if (odd > 0 && odd % 2 === 0) yield 1;
         if (even > 0) yield even;
       }
       export function reduce(key, values) {
         const sum = (rest) => values.filter((value) => value % 2 === rest).reduce((a, b) => a + b, 0);
         return [sum(1), sum(0)];
       }`,
    );
    place.write("one.txt", "x\n");
    await place.succeed("mr", [command, "-q", "-r", "1", "-o", "out", "--memory", "1MiB", "app.mjs", "one.txt"]);
    // For n in 0 … 59,999, 1 + (5n + j) % 3 takes each of 1, 2 and 3 a third of the time.
    expect(linesOf(place.read("out/mr-out-0"))).toEqual(
      [0, 1, 2, 3, 4].map((key) => `k${key} [${20_000 * 4},${20_000 * 2}]`),
    );
  });

  test(`mr ${command} keeps a bigint from map to the output`, async ({ place }) => {
    place.write("ids.txt", "9100521604143693812\n9100521604143693813\n5\n");
    place.write(
      "app.mjs",
      `export const input = "lines";
       export const map = (file, line, ctx) => ctx.emit("sum", BigInt(line));
       export const combine = (key, values) => values.reduce((a, b) => a + b);
       export const reduce = combine;`,
    );
    await place.succeed("mr", [command, "-q", "-r", "1", "-o", "out", "app.mjs", "ids.txt"]);
    expect(place.read("out/mr-out-0")).toBe(`sum ${9100521604143693812n + 9100521604143693813n + 5n}\n`);
  });
}
