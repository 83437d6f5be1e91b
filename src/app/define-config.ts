/** The options that a config file may contain, for all commands, and how each is written there. */
export const optionKinds = {
  acceptChangedApp: "flag",
  app: "text",
  arg: "pairs",
  attemptTimeout: "measure",
  backupTasks: "switch",
  by: "text",
  compress: "text",
  connectTimeout: "measure",
  cpuProf: "optional",
  debug: "flag",
  drainTimeout: "measure",
  dryRun: "flag",
  file: "list",
  format: "text",
  input: "list",
  inputsFrom: "text",
  inputsFrom0: "text",
  inspect: "optional",
  javascript: "flag",
  json: "flag",
  group: "flag",
  keepIntermediate: "flag",
  mapConcurrency: "number",
  maxAttempts: "number",
  maxCrashes: "number",
  memory: "measure",
  open: "flag",
  output: "text",
  outputDir: "text",
  outputFormat: "text",
  partitioner: "text",
  quiet: "flag",
  ratePerSecond: "number",
  reconnectTimeout: "measure",
  recursive: "flag",
  reducers: "number",
  resume: "optional",
  sample: "text",
  skipBadRecords: "number",
  socket: "text",
  splitSize: "measure",
  statusHost: "text",
  statusPort: "number",
  step: "number",
  taskTimeout: "measure",
  top: "number",
  trace: "text",
  values: "flag",
  workerMemory: "measure",
  workers: "number",
} as const satisfies Readonly<Record<string, keyof Values>>;

/** An option name as in a config file, in camelCase. */
export type OptionName = keyof typeof optionKinds;

interface Values {
  readonly flag: boolean;
  readonly number: number;
  readonly text: string;
  /**
   * An option whose value is optional on the command line: `true` stands for no value. With `false` the option is not
   * given.
   */
  readonly optional: string | boolean;
  /** A duration or a size: `"20s"`, `"64MiB"`. A plain number is milliseconds or bytes. */
  readonly measure: string | number;
  /** An option that is `on` or `off` on the command line. */
  readonly switch: boolean;
  /** An option that may be repeated on the command line. */
  readonly list: readonly string[];
  /** A repeatable `name=value` option on the command line. */
  readonly pairs: Readonly<Record<string, string | number | boolean>>;
}

/**
 * A config file, `mr.config.ts`: options for all commands, by their camelCase names. `mr run --help` explains them, and
 * `mr run --print-config` prints their resolved values.
 */
export type Config = {
  readonly [Name in OptionName]?: Values[(typeof optionKinds)[Name]] | undefined;
};

/** Returns the config unchanged, and exists for its type: `export default defineConfig({ reducers: 4 })`. */
export function defineConfig(config: Config): Config {
  return config;
}
