/** Tests of an app: `testApp` runs it on some lines, in this process. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { testApp } from "mapreduce-ts";
import gaps from "./gaps.js";

const reading = (sensor: string, time: number, celsius = 20) => JSON.stringify({ sensor, time, celsius });

void test("readings that follow each other leave no gap", async () => {
  const { outputs } = await testApp(gaps, [[reading("attic", 0), reading("attic", 600)].join("\n")]);
  assert.deepEqual(outputs, []);
});

void test("a gap is found between readings of two files in any order", async () => {
  const { outputs } = await testApp(gaps, {
    "b.jsonl": reading("attic", 1500, 18.25),
    "a.jsonl": `${reading("attic", 0, 20)}\n${reading("cellar", 900)}\n`,
  });
  const value = { from: "1970-01-01T00:00:00.000Z", to: "1970-01-01T00:25:00.000Z", minutes: 25, change: -1.8 };
  assert.deepEqual(outputs, [{ key: "attic", value }]);
});

void test("--arg minutes sets the shortest gap", async () => {
  const inputs = [`${reading("attic", 0)}\n${reading("attic", 120)}\n`];
  assert.equal((await testApp(gaps, inputs, { args: { minutes: "1" } })).outputs.length, 1);
  assert.equal((await testApp(gaps, inputs, { args: { minutes: "2" } })).outputs.length, 0);
});

void test("anything but a reading is an error", async () => {
  await assert.rejects(testApp(gaps, ['{"sensor":"attic"}\n']), /not a reading/);
});
