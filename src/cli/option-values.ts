/**
 * Determines the value of every option of every command: from the command line, or else a variable `MR_<NAME>`, or else the
 * config file, or else the default.
 *
 * Commander's own `Option.env` does not work here: it sets a flag whenever the variable exists, even with `MR_QUIET=0`.
 */
import { InvalidArgumentError, Option, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { closestMatch } from "leven";
import { optionKinds, type OptionName } from "../app/define-config.js";
import { flagText, OptionValueError } from "../local/option-parsers.js";
import { attachedText, invalidValueText, off, valueKinds } from "../local/option-texts.js";
import { hasOptionalValue } from "./attached-values.js";
import { ConfigError, readConfigFile, type ConfigFile } from "./config-file.js";

/** The values of an option as the user would write them, several if it is repeated, and their origin. */
export interface OptionOrigin {
  readonly option: Option;
  readonly texts: readonly string[];
  readonly from: string;
}

const isCommandLineOnly = new WeakSet<Option>();

/** For an option with a different meaning in its command than in others. */
export function commandLineOnly<Any extends Option>(option: Any): Any {
  isCommandLineOnly.add(option);
  return option;
}

const ofCommands = new WeakMap<CommandUnknownOpts, OptionValues>();

/** The options of a command; undefined for a command that only has subcommands. */
export function optionValuesOf(command: CommandUnknownOpts): OptionValues | undefined {
  return ofCommands.get(command);
}

/** The options of one command. */
export class OptionValues {
  readonly #command: CommandUnknownOpts;
  /** All options except `--config`, `--no-config` and `--print-config`. */
  readonly #options: readonly Option[];
  readonly #origins = new Map<Option, OptionOrigin>();
  readonly #config = new Option("--config <file>", "read options from this file, not from mr.config.json, .js or .ts");

  /** Adds the options that every command has. Call this before parsing the command line. */
  constructor(command: CommandUnknownOpts) {
    this.#command = command;
    ofCommands.set(command, this);
    this.#options = command.options.filter((option) => option.name() !== "version");
    for (const option of this.#options) {
      reportInvalidValues(option);
      command.on(`option:${option.name()}`, (text: string | undefined | null) => {
        const earlier = isRepeatable(option) ? (this.#origins.get(option)?.texts ?? []) : [];
        const shown = typeof text !== "string" || isLeftOut(option, text) ? "true" : text;
        this.#origins.set(option, { option, texts: [...earlier, shown], from: "command line" });
        // Commander has already set it, to the parsed word.
        if (isTurnedOff(option, shown)) command.setOptionValueWithSource(option.attributeName(), undefined, "cli");
      });
    }
    command
      .addOption(this.#config)
      .addOption(new Option("--no-config", "do not look for a config file"))
      .addOption(
        new Option(
          "--print-config",
          "only show each option, and whether it comes from command line, variable MR_<NAME>, file or default",
        ),
      );
    // The command then needs nothing else.
    command.on("option:print-config", () => {
      for (const argument of command.registeredArguments) argument.argOptional();
    });
  }

  /** Whether the user only wants to see the options. */
  get areAskedFor(): boolean {
    return this.#command.getOptionValue("printConfig") === true;
  }

  /** Reads options missing from the command line from the environment and the config file. Throws a ConfigError. */
  async complete(): Promise<void> {
    for (const option of [...this.#options, this.#config]) this.#takeVariable(option);
    const named = this.#command.getOptionValue("config") as string | false | undefined;
    const file = named === false ? undefined : await readConfigFile(named);
    if (file !== undefined) this.#takeFile(file);
  }

  /** Every option, with its origin. */
  origins(): readonly OptionOrigin[] {
    return this.#options.map((option) => this.#origins.get(option) ?? originOfDefault(option));
  }

  #takeVariable(option: Option): void {
    const name = variableOf(option.attributeName());
    const text = process.env[name];
    // Scripts leave a variable empty to give no value.
    if (text === undefined || text === "" || !this.#isOpen(option)) return;
    const texts = [hasOptionalValue(option) ? attachedText(text) : text];
    this.#set({ option, texts, from: name }, "env", () => invalidValueText(name, text));
  }

  #takeFile({ name: file, values }: ConfigFile): void {
    const options = new Map(this.#options.map((option) => [option.attributeName(), option]));
    for (const [key, value] of Object.entries(values)) {
      if (!isOptionName(key)) throw new ConfigError(`${file}: there is no option ${key}${hint(key)}`);
      const option = options.get(key);
      if (option === undefined || value === undefined || !this.#isOpen(option)) continue;
      const { wanted, textsOf } = valueKinds[optionKinds[key]];
      const fail = () => invalidValueText(`${key} in ${file}`, value);
      const texts = textsOf(value);
      if (texts === undefined) throw new ConfigError(`${fail()} It must be ${wanted}.`);
      this.#set({ option, texts, from: file }, "config", fail);
    }
  }

  /** Whether no source with precedence has set the option. */
  #isOpen(option: Option): boolean {
    const source = this.#command.getOptionValueSource(option.attributeName()) ?? "default";
    return source === "default" && !isCommandLineOnly.has(option);
  }

  #set(origin: OptionOrigin, source: "env" | "config", problem: () => string): void {
    const { option, texts } = origin;
    try {
      const parse = isFlag(option) ? flagText : (option.parseArg ?? ((text: string) => text));
      const value = texts.reduce<unknown>(
        (earlier, text) => (isTurnedOff(option, text) ? undefined : parse(text, earlier)),
        undefined,
      );
      this.#command.setOptionValueWithSource(option.attributeName(), value, source);
      const shown = isFlag(option)
        ? [String(value === !option.negate)]
        : texts.map((text) => (isLeftOut(option, text) ? "true" : text));
      this.#origins.set(option, { ...origin, texts: shown });
    } catch (error) {
      if (!(error instanceof InvalidArgumentError || error instanceof OptionValueError)) throw error;
      throw new ConfigError(`${problem()} ${error.message}`);
    }
  }
}

/** Makes commander report the errors of the option's parser as invalid values. */
function reportInvalidValues(option: Option): void {
  const parse = option.parseArg?.bind(option);
  if (parse === undefined) return;
  option.argParser((text: string, earlier: unknown) => {
    try {
      return parse(text, earlier);
    } catch (error) {
      throw error instanceof OptionValueError ? new InvalidArgumentError(error.message) : error;
    }
  });
}

/** The variable of an option. `--no-group` is `MR_GROUP=0`, as it is `group: false` in a config file. */
function variableOf(attributeName: string): string {
  return `MR_${attributeName.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

/** Variables that no command reads and whose names resemble one that some command does, each with that name. */
export function misspeltVariables(environment: NodeJS.ProcessEnv): { readonly name: string; readonly meant: string }[] {
  const known = new Set([...Object.keys(optionKinds), "config", "runtimeDir"].map(variableOf));
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith("MR_") || known.has(name)) return [];
    const meant = closestMatch(name.replace(/^MR_NO_/, "MR_"), [...known], { maxDistance: 2 });
    return meant === undefined ? [] : [{ name, meant }];
  });
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(optionKinds, name);
}

/** Whether an option was given without its optional value. */
function isLeftOut(option: Option, text: string): boolean {
  return hasOptionalValue(option) && text === "";
}

/** Whether the value turns the option off, which also overrides sources of lower precedence. */
function isTurnedOff(option: Option, text: string): boolean {
  return hasOptionalValue(option) && text === off;
}

function isRepeatable(option: Option): boolean {
  const name = option.attributeName();
  return isOptionName(name) && ["pairs", "list"].includes(optionKinds[name]);
}

/** Whether an option has no value: `--quiet`, `--no-group`. */
function isFlag(option: Option): boolean {
  return option.isBoolean() || option.negate;
}

function originOfDefault(option: Option): OptionOrigin {
  const fallback = isFlag(option) ? "false" : "-";
  const value = option.defaultValueDescription ?? String(option.defaultValue ?? fallback);
  return { option, texts: [value], from: "default" };
}

function hint(name: string): string {
  const closest = closestMatch(name, Object.keys(optionKinds), { maxDistance: 3 });
  return closest === undefined ? "" : ` (did you mean ${closest}?)`;
}
