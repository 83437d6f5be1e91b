/**
 * The command that makes a large text for measurements: see `--help`, and `corpus/text.ts` for a description of the
 * text.
 */
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import prettyBytes from "pretty-bytes";
import { parseByteSize } from "../src/local/byte-size.js";
import { CorpusExistsError, writeCorpus } from "./corpus/write-corpus.js";

const filesMax = 10_000;

const command = new Command("make-corpus")
  .description(
    "Makes text files of invented words with natural frequencies (Zipf's law): corpus-1.txt, corpus-2.txt, ...\n" +
      "The same --bytes, --files and --seed give the same bytes on every machine.",
  )
  .addOption(
    new Option("--bytes <size>", "size of all files together, e.g. 500kB, 64MiB, 1GiB")
      .default(256 * 2 ** 20, "256MiB")
      .argParser(size),
  )
  .option("--files <n>", "number of files, about equal in size", wholeNumber(1, filesMax), 8)
  .option("--seed <n>", "which text", wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
  .requiredOption("--out <dir>", "directory for the files, created if it does not exist")
  .option("--overwrite", "replace existing files corpus-*.txt, which are an error otherwise")
  .addHelpText(
    "after",
    "\nExample:\n  npx tsx scripts/make-corpus.ts --bytes 256MiB --files 8 --seed 1 --out /tmp/corpus",
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
command.parse();
const { bytes, files, seed, out, overwrite = false } = command.opts();
if (bytes < files)
  command.error(`error: --bytes ${bytes} is too little for ${files} files: each needs at least one byte`);

const interrupted = new AbortController();
for (const [signal, exitCode] of [["SIGINT", 130] as const, ["SIGTERM", 143] as const]) {
  // Once: a second signal ends the process immediately.
  process.once(signal, () => {
    process.exitCode = exitCode;
    interrupted.abort(new Error(`stopped by ${signal}; nothing was left behind`));
  });
}

try {
  const begin = performance.now();
  await writeCorpus({ directory: out, bytes, files, seed, overwrite, signal: interrupted.signal, progress });
  const seconds = (performance.now() - begin) / 1000;
  const speed = `${prettyBytes(bytes / seconds)}/s`;
  console.error(
    `${out}: ${files} files, ${prettyBytes(bytes, { binary: true })} in ${seconds.toFixed(1)} s (${speed})`,
  );
} catch (error) {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  if (error instanceof CorpusExistsError) {
    console.error(`error: ${error.message}: choose another --out, or replace it with --overwrite`);
    process.exitCode = 2;
  } else if (error instanceof Error && "syscall" in error && error.syscall === "mkdir") {
    console.error(`error: --out ${out} is not a directory and cannot be created (${error.message})`);
    process.exitCode = 2;
  } else {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode ??= 1;
  }
}

function progress(bytesWritten: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${Math.floor((100 * bytesWritten) / bytes)} %${bytesWritten === bytes ? "\r\x1b[K" : ""}`);
}

function size(text: string): number {
  try {
    return parseByteSize(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
  };
}
