/** The common parts of all programs: usage errors, exit codes, signals, the final message on standard error. */
import { existsSync, readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { withExactBytes } from "../storage/file-name.js";
import { InputError } from "../input/input-error.js";
import { exit } from "../terminal/exit.js";
import { visibleLine, visibleText } from "../terminal/visible-text.js";
import { withAttachedValues } from "./attached-values.js";
import { codeFrame } from "./code-frame.js";
import { requireUsableNames } from "./command-names.js";
import { misspeltVariables, OptionValues, optionValuesOf } from "./option-values.js";
import { optionTable } from "./print-config.js";

/** Exit codes, besides 128 + n for signal n. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;

/**
 * Errors that are not bugs of the engine: they show their message to the user and have this exit code. The keys are names,
 * not classes, because a command that fails early should not load modules that only later code needs.
 */
const exitCodeByName: ReadonlyMap<string, number> = new Map([
  ["AppError", exitCodes.usage],
  ["InputError", exitCodes.usage],
  ["ConfigError", exitCodes.usage],
  ["JournalError", exitCodes.usage],
  ["AddressInUseError", exitCodes.usage],
  ["AddressUnusableError", exitCodes.usage],
  ["StatusAddressError", exitCodes.usage],
  ["DebuggerAddressError", exitCodes.usage],
  ["TransportError", exitCodes.usage],
  ["WorkerRefusedError", exitCodes.usage],
  ["CoordinatorUnreachableError", exitCodes.failed],
  ["AppFailedError", exitCodes.failed],
]);

/** Errors whose messages may have several lines, because an app or a config file has thrown them. */
const namesOfLongMessages: ReadonlySet<string> = new Set(["AppError", "AppFailedError", "ConfigError", "Exit"]);

/** A command throws this to end the program with an exit code and an optional message. */
export class Exit extends Error {
  override readonly name = "Exit";
  readonly code: number;
  /** Lines shown below the message: the stack of the app's own error. */
  readonly details: string | undefined;

  constructor(code: number, message = "", details?: string) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Parses the command line, runs the command, and exits. */
export async function runProgram(program: CommandUnknownOpts): Promise<never> {
  forEachCommand(program, (command) => {
    if (command.commands.length === 0) new OptionValues(command);
    const path = commandPath(command);
    command.exitOverride();
    command.configureOutput({
      outputError: (text, write) => write(visibleText(withHint(text).replace(/^error: /, `${path}: `))),
    });
    command.showHelpAfterError(`See ${path} --help.`);
  });
  let running = program;
  program.hook("preAction", async (_program, command) => {
    running = command;
    requireCurrentDirectory();
    const values = optionValuesOf(command);
    await values?.complete();
    for (const { name, meant } of misspeltVariables(process.env)) {
      say(commandPath(command), `warning: no option has the variable ${name}; did you mean ${meant}?`);
    }
    requireUsableNames(command);
    if (values?.areAskedFor !== true) return;
    process.stdout.write(optionTable(values.origins()));
    throw new Exit(exitCodes.done);
  });
  // The reader may have seen enough (`| head`). The job continues: its results are files.
  const lost: unknown[] = [];
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    lost.push(error);
    say(commandPath(running), `cannot write to standard output: ${error.message}`);
  });
  process.on("uncaughtException", (error) => {
    // An app that runs in this process threw it: see `StrayErrors`.
    if (process.listenerCount("uncaughtException") > 1) return;
    void exit(sayError(error, running));
  });
  let exitCode: number = exitCodes.done;
  try {
    await program.parseAsync(withAttachedValues(program, withExactBytes(process.argv, commandLineOfThis)));
  } catch (error) {
    exitCode = sayError(error, running);
  }
  if (exitCode === exitCodes.done) await setImmediate(); // Errors of the last write arrive now.
  return exit(exitCode === exitCodes.done && lost.length > 0 ? exitCodes.failed : exitCode);
}

/** Adds a hint to commander's error if an unknown option is the name of a file. */
function withHint(text: string): string {
  const name = /unknown option '(.+)'$/m.exec(text)?.[1];
  return name !== undefined && existsSync(name) ? `${text.trimEnd()}\n(To name the file, write ./${name}.)\n` : text;
}

/** Reports the error that ended a command, and returns the exit code. */
function sayError(error: unknown, command: CommandUnknownOpts): number {
  const { code, message, details } = explain(error, command.getOptionValue("debug") === true);
  const isOneLine = error instanceof Error && !namesOfLongMessages.has(error.name);
  if (message !== "") say(commandPath(command), isOneLine ? visibleLine(message) : indented(message));
  if (details !== undefined && details !== "") process.stderr.write(`${visibleText(details)}\n`);
  return code;
}

/** Throws an InputError if the current directory was removed: relative paths no longer work, and Node's `path` throws. */
function requireCurrentDirectory(): void {
  try {
    process.cwd();
  } catch (error) {
    throw new InputError(
      "the current directory is gone: it was removed while this shell was in it; change to an existing one (cd)",
      { cause: error },
    );
  }
}

/** The raw bytes from the kernel; only Linux has this file. */
function commandLineOfThis(): Buffer {
  return readFileSync("/proc/self/cmdline");
}

/** Lines of an app's message must not look like lines of the program. */
export function indented(message: string): string {
  return message.replaceAll("\n", "\n    ");
}

/** The message and the exit code for an error. */
function explain(error: unknown, debug: boolean): Pick<Exit, "code" | "message" | "details"> {
  if (error instanceof Exit) return error;
  if (!(error instanceof Error)) return new Exit(exitCodes.failed, String(error));
  // Commander has already printed it.
  if (isCommanderError(error)) return new Exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage);
  const code = exitCodeByName.get(error.name);
  if (code === undefined) return new Exit(exitCodes.failed, `internal error: ${error.message}`, error.stack);
  const { cause } = error;
  if (debug) return new Exit(code, error.message, cause instanceof Error ? cause.stack : error.stack);
  return new Exit(code, error.message, error.name === "AppFailedError" ? appPlace(cause) : undefined);
}

const engineDirectory = fileURLToPath(new URL("../", import.meta.url));

/** The lines about the app in the stack of its error, and its source at the first of them. */
export function appPlace(error: unknown): string | undefined {
  const frames = appFrames(error);
  const frame = frames === undefined ? undefined : codeFrame(frames);
  return frame === undefined ? frames : `${frames}\n${frame}`;
}

function appFrames(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { stack, message } = error as Readonly<Record<"stack" | "message", unknown>>;
  if (typeof stack !== "string") return undefined;
  const lines = stack.split("\n");
  const framesAt = typeof message === "string" ? linesOfMessage(lines, message) : 0;
  const frames = lines.slice(framesAt).filter(isFrame);
  return frames.filter((line) => !line.includes("node:internal") && !line.includes(engineDirectory)).join("\n");
}

function isFrame(line: string): boolean {
  return /^\s+at /.test(line);
}

/**
 * The number of lines at the beginning of a stack that belong to the message, which may quote the stack of another program.
 * The text given may begin and end with more than the message.
 */
function linesOfMessage(stack: readonly string[], message: string): number {
  const text = message.split("\n");
  if (text.length === 1 || isFrame(stack[0] ?? "")) return 0;
  const differsAt = stack.findIndex((line, n) => n > 0 && text[n]?.startsWith(line) !== true);
  return differsAt < 0 ? stack.length : differsAt;
}

/**
 * Writes a message to standard error, prefixed with the program's name, and makes control characters visible. The message
 * may have several lines; pass user text that must be one line through `visibleLine` first.
 */
export function say(program: string, message: string): void {
  process.stderr.write(`${program}: ${visibleText(message)}\n`);
}

/** Calls `onFirst` at the first SIGINT, SIGTERM or SIGHUP, and `onSecond` at every later one. */
export function onSignals(onFirst: (signal: NodeJS.Signals) => void, onSecond: (signal: NodeJS.Signals) => void): void {
  let isFirst = true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (isFirst) onFirst(signal);
      else onSecond(signal);
      isFirst = false;
    });
  }
}

function forEachCommand(command: CommandUnknownOpts, visit: (command: CommandUnknownOpts) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}

/** The full name of a command, such as `mr run`. */
export function commandPath(command: CommandUnknownOpts): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}

function isCommanderError(error: Error): error is Error & { exitCode: number } {
  return "code" in error && String(error.code).startsWith("commander.") && "exitCode" in error;
}
