import { expect } from "vitest";
import { linesOf, test } from "./programs.js";

const app = `
export const input = "lines";
export const map = (file, line, ctx) => [{ key: file + " " + String(ctx.offset).padStart(7, "0"), value: line }];
export const reduce = (place, lines) => lines.join("|");
`;

test("--sample maps the first lines of each split, the same in a distributed and in a sequential run", async ({
  place,
}) => {
  place.write("app.mjs", app);
  const lines = Array.from({ length: 3000 }, (_, n) => `line ${n} ${"x".repeat(n % 50)}`);
  place.write("long.txt", lines.join("\n"));
  place.write("short.txt", "only\r\nthese\r\n");
  const shared = ["-r", "1", "--split-size", "16KiB", "--sample", "5%"];
  const job = [...shared, "app.mjs", "long.txt", "short.txt"];
  const plan = JSON.parse((await place.succeed("mr", ["run", "--dry-run", "--json", ...job])).stdout) as {
    splits: { file: string; startBytes: number; endBytes: number }[];
  };
  const wanted: string[] = [];
  for (const name of ["long.txt", "short.txt"]) {
    let offset = 0;
    for (const line of place.read(name).split("\n")) {
      const isIn = plan.splits.some(
        (split) => split.file === name && offset >= split.startBytes && offset < split.endBytes,
      );
      if (isIn) wanted.push(`${name} ${String(offset).padStart(7, "0")} ${line.replace("\r", "")}`);
      offset += Buffer.byteLength(line) + 1;
    }
  }
  // Every twentieth line or so: most splits begin in the middle of one.
  expect(wanted.length).toBeGreaterThan(100);
  expect(wanted.length).toBeLessThan(200);

  const { stdout, stderr } = await place.succeed("mr", ["run", "--json", ...job]);
  expect(linesOf(place.read("mr-output/mr-out-0"))).toEqual(wanted);
  expect(stderr).toContain("a sample: only 5% of the inputs was mapped");
  expect(JSON.parse(stdout)).toMatchObject({ samplePercent: 5, map: { recordsIn: wanted.length } });

  const sequential = await place.succeed("mr", ["sequential", "-o", "sequential", ...job]);
  expect(place.read("sequential/mr-out-0")).toBe(place.read("mr-output/mr-out-0"));
  expect(sequential.stderr).toContain("a sample: only 5% of the inputs was mapped");
});

const overCombined = `
export const input = "lines";
export const map = (file, line, ctx) => ctx.emit("lines", 1);
export const combine = (key, ones) => ones.length;
export const reduce = (key, ones) => ones.length;
`;

for (const command of ["run", "sequential"]) {
  test(`mr ${command} --sample fails when combine changes what reduce gives`, async ({ place }) => {
    place.write("app.mjs", overCombined);
    place.write("lines.txt", "x\n".repeat(1000));
    const ended = await place.run("mr", [command, "--sample", "10%", "app.mjs", "lines.txt"]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /combine changes the result: for key "lines" reduce gives 100, but 1 when combine has/,
    );
    await place.succeed("mr", [command, "-q", "app.mjs", "lines.txt"]);
  });
}
