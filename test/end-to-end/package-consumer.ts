/**
 * A program of a user who has installed the package: it uses the whole API, with the expected types. It is only
 * compiled, not run: here against the sources, and by `package.test.ts` against the packed package.
 */
import {
  aggregate,
  count,
  defineApp,
  defineConfig,
  distinct,
  max,
  mean,
  min,
  mostFrequent,
  quantiles,
  stats,
  sum,
  testApp,
  topK,
  words,
  wordsInBytes,
  type Aggregator,
  type App,
  type AppOfInputs,
  type CombineResult,
  type Config,
  type Counter,
  type CsvOptions,
  type EarlierCounters,
  type Frequency,
  type HookContext,
  type InputKind,
  type JsonlOptions,
  type JsonValue,
  type KeyValue,
  type MapContext,
  type MapOfInput,
  type MapResult,
  type NamedInput,
  type NamedOutput,
  type OutputLayout,
  type OutputWriter,
  type Pipeline,
  type ReadContext,
  type ReadRecords,
  type ReduceContext,
  type ReduceResult,
  type SideFile,
  type Stats,
  type Step,
  type StepOfInputs,
  type TaskContext,
  type TestInputs,
  type TestOptions,
  type TestResult,
} from "mapreduce-ts";

/** Asserts the type of a value. Compiles only for exactly this type, not for `any`. */
declare function is<Expected>(): <Found>(value: Found, isSame: Same<Found, Expected>) => void;

type Same<One, Other> = [One, Other] extends [Other, One] ? (IsAny<One> extends IsAny<Other> ? true : false) : false;
type IsAny<Type> = 0 extends 1 & Type ? true : false;

export const ofFiles = defineApp<number>({
  map(filename, contents, ctx) {
    is<string>()(filename, true);
    is<string>()(contents, true);
    is<MapContext<number>>()(ctx, true);
    words(contents, (found) => {
      ctx.emit(found, 1);
    });
    // @ts-expect-error The values of this app are numbers.
    ctx.emit("word", "1");
  },
  reduce(word, counts, ctx) {
    is<string>()(word, true);
    is<number[]>()(counts, true);
    const named: NamedOutput = ctx.output("country=AT");
    named.emit(word, 1);
    is<ReduceContext>()(ctx, true);
    return counts.length;
  },
});

export const ofSeveral = defineApp<number>({
  *map(_filename, contents) {
    yield { key: contents, value: 1 };
  },
  *combine(word, counts) {
    is<string>()(word, true);
    is<number[]>()(counts, true);
    yield counts.length;
  },
  async *reduce(word, counts) {
    is<string>()(word, true);
    yield* counts;
    yield await Promise.resolve(String(counts.length));
  },
});
export const combined: CombineResult<bigint> = 2n ** 60n;

export const ofLines = defineApp({
  input: "lines",
  map: (_filename, line) => {
    is<string>()(line, true);
    return [{ key: line, value: line }];
  },
  reduce: (_line, values) => {
    is<string[]>()(values, true);
  },
});

export const ofText = defineApp<number>({
  input: "text",
  mapBytes(_filename, chunk, ctx) {
    is<Uint8Array>()(chunk, true);
    wordsInBytes(chunk, (start, end) => {
      ctx.emitBytes(chunk, start, end, 1);
    });
    ctx.emitSlices(chunk, 0, 1, 1, 2);
  },
  combine(_word, counts) {
    is<number[]>()(counts, true);
    return counts.length;
  },
  reduceStream(_word, counts) {
    is<Iterable<number>>()(counts, true);
    return [...counts].length;
  },
});

export const ofJson = defineApp({
  input: "jsonl",
  map(_filename, document, ctx) {
    is<JsonValue>()(document, true);
    ctx.emit("document", JSON.stringify(document));
  },
  sortValues: (value) => value.length,
  groupKey: (key) => key.slice(0, 1),
  partition: (key, reducers) => key.length % reducers,
});

const csv: CsvOptions = { delimiter: ";", columns: ["city", "people"] };
export const jsonl: JsonlOptions = { integers: "string" };
export const ofCsv = defineApp({
  input: "csv",
  csv,
  map(_filename, row, ctx) {
    is<Record<string, string>>()(row, true);
    ctx.emit("city", row["city"] ?? "");
  },
});

const readRecords: ReadRecords<{ paragraph: string }> = async function* (stream, ctx: ReadContext) {
  for await (const chunk of stream) yield { paragraph: `${ctx.filename}: ${String(chunk)}` };
};
export const ofItsOwn = defineApp<string, { paragraph: string }>({
  readRecords,
  map(_filename, record) {
    is<{ paragraph: string }>()(record, true);
    return [{ key: record.paragraph, value: "" }];
  },
});

export const ofPairs = defineApp<string, number>({
  input: "pairs",
  map(word, count) {
    is<string>()(word, true);
    is<number>()(count, true);
    return [{ key: String(count), value: word }];
  },
});
const gathering: Step = { ...ofPairs, reducers: 1 };
export const pipeline: Pipeline = { steps: [ofFiles, gathering] };

const writer: OutputWriter = {
  extension: "xml",
  header: "<all>\n",
  record: (key) => `<k>${key}</k>\n`,
  footer: "</all>\n",
};
export const withHooks: App<number> = {
  writer,
  setup(ctx: HookContext<number>) {
    if (ctx.kind === "map") ctx.emit("begun", 1);
    is<"map" | "reduce">()(ctx.kind, true);
    const counter: Counter = ctx.counter("attempts");
    counter.add();
    counter.add(2);
  },
  teardown(ctx) {
    const side: SideFile = ctx.sideFile("log.txt");
    side.write(new Uint8Array(1));
    side.write(side.path);
  },
  async *map(_filename, contents, ctx): AsyncGenerator<KeyValue<number>> {
    const task: TaskContext = ctx;
    is<string | undefined>()(task.args["name"], true);
    is<AbortSignal>()(task.signal, true);
    task.log(`${task.task} ${task.attempt} ${ctx.filename} ${ctx.offset} ${task.file("list")}`);
    await Promise.resolve();
    yield { key: contents, value: 1 };
  },
};
const layout: OutputLayout = { format: "csv", columns: ["word", "count"], values: false };
export const withLayout: App<number> = { ...withHooks, writer: layout };
export const withFormat: App<number> = { ...withHooks, writer: "jsonl" };

export async function test(): Promise<TestResult> {
  const options: TestOptions = { args: { n: "2" }, reducers: 2, files: { list: "list.txt" }, splitBytes: 1024 };
  const byName = await testApp(ofCsv, { "a.csv": "city\nGraz\n", "b.csv.gz": new Uint8Array(1) }, options);
  is<KeyValue[]>()(byName.outputs, true);
  is<KeyValue[][]>()(byName.partitions, true);
  is<Record<string, number>>()(byName.counters, true);
  is<Record<string, string>>()(byName.sideFiles, true);
  await testApp(pipeline, ["a b a"]);
  return testApp(withHooks, ["a b a"]);
}

export const config: Config = defineConfig({
  reducers: 4,
  taskTimeout: "20s",
  memory: 2 ** 20,
  backupTasks: false,
  arg: { pattern: "white whale", n: 2 },
  file: ["list.txt"],
  outputDir: undefined,
});

export const kinds: InputKind[] = ["file", "text", "lines", "jsonl", "csv", "pairs"];
export const mapped: MapResult<number> = [{ key: "a", value: 1 }];
export const reduced: ReduceResult = Promise.resolve({ any: ["json", 1, null, true] });

// @ts-expect-error There is no such kind of input.
export const kind: InputKind = "xml";
// @ts-expect-error A value is anything that JSON can express.
export const value: JsonValue = new Map();
// @ts-expect-error It is written in camelCase, and is a number.
defineConfig({ "task-timeout": 20 });
// @ts-expect-error On the command line this is on or off, here true or false.
defineConfig({ backupTasks: "on" });
// @ts-expect-error `readRecords` takes the place of `input`.
defineApp({ input: "lines", readRecords, map: () => [] });
// @ts-expect-error The rows of `"csv"` are objects.
defineApp({ input: "csv", map: (_filename: string, row: string) => [{ key: row, value: "" }] });
// @ts-expect-error `combine` gives one value of those that it is given.
defineApp<number>({ map: () => [], combine: (_key, values) => values });
// @ts-expect-error Inputs are given by their contents.
void testApp(ofLines, [1, 2]);

/** An aggregator as the exports of an app, of parts of its values, and as a function. */
export const ofAggregators = defineApp({
  input: "csv",
  map: (_filename, row, ctx) => ctx.emit(row["country"] ?? "", Number(row["price"])),
  ...stats,
});
export const ofParts = aggregate({
  sales: count,
  total: sum,
  mean,
  least: min,
  greatest: max,
  best: topK(3),
  usual: mostFrequent(3),
  customers: distinct,
  about: distinct.approximate(),
  prices: quantiles([0.5]),
});
is<Stats>()(stats.reduce("key", [1, 2]), true);
is<number | bigint>()(sum("key", [1, 2]), true);
is<readonly Frequency[]>()(mostFrequent(1)("key", ["a"]), true);
export const ownAggregator: Aggregator<number, number> = mean;
// @ts-expect-error It adds numbers up.
sum("key", ["1"]);

/** An app with inputs of several kinds. */
const sumOfOrders: MapOfInput<number> = (_filename, order: { id: string; total: number }, ctx) => {
  const earlier: EarlierCounters = ctx.earlierCounters;
  ctx.emit(order.id, order.total + (earlier[0]?.["orders"] ?? 0));
};
const customers: NamedInput = { input: "csv", csv: { delimiter: ";" } };
export const ofInputs: StepOfInputs<number> = defineApp<number>({
  inputs: { orders: "jsonl", customers },
  map: { orders: sumOfOrders, customers: (_filename, row: { id: string }, ctx) => ctx.emit(row.id, 0) },
  ...sum,
});
export const anyInputs: readonly AppOfInputs<number>[] = [ofInputs];
export const given: Readonly<Record<string, TestInputs>> = {
  orders: ['{"id":"a"}'],
  customers: { "c.csv": "id\na\n" },
};
