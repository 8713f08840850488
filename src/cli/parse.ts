/** Parses a command line into a command with its operands and flags. */
import { parseArgs } from "node:util";
import { codeOf } from "../runtime/errors.ts";
import { nearest } from "../runtime/nearest.ts";
import { type Command, WrongUsage } from "./command.ts";

/** Flags that every command accepts (docs/operations.md#process-settings). */
export const PROCESS_FLAGS = {
  upload: { value: "FOLDER", help: "the upload folder (ROSTERD_UPLOAD; ./upload)" },
  settings: { value: "FILE", help: "the settings file (ROSTERD_SETTINGS; ./settings.json)" },
  data: { value: "FOLDER", help: "the data folder (ROSTERD_DATA; ./data)" },
  listen: { value: "ADDRESS", help: "the address to listen on for HTTP (ROSTERD_LISTEN; 127.0.0.1:8080)" },
  hosts: { value: "NAMES", help: "additional host names of the service, separated by commas (ROSTERD_HOSTS)" },
  "log-level": { value: "LEVEL", help: "debug, info, warn or error (info)" },
  "log-format": { value: "FORMAT", help: "text or json (text on a terminal)" },
} as const;

export interface ParsedLine {
  /** The command; null if the command line contains no command. */
  command: Command | null;
  operands: string[];
  flags: Record<string, string | boolean | undefined>;
  processFlags: Record<string, string | undefined>;
  wants: "help" | "version" | null;
}

/** Throws {@link WrongUsage}. */
export function parseLine(words: readonly string[], commands: readonly Command[]): ParsedLine {
  const named = nameOf(words, commands);
  try {
    return parseFor(named, words, commands);
  } catch (error) {
    if (error instanceof WrongUsage) error.command = named;
    throw error;
  }
}

function parseFor(named: Command | null, words: readonly string[], commands: readonly Command[]): ParsedLine {
  const { values, positionals } = parsed(words, named);
  const operands = positionals.slice(named === null ? 0 : named.words.split(" ").length);
  const processFlags = Object.fromEntries(
    Object.keys(PROCESS_FLAGS).map((name) => [name, values[name] as string | undefined]),
  );
  const wants = values.help ? "help" : values.version ? "version" : null;
  if (wants === null && named === null) requireCommand(operands, commands);
  if (wants === null && named !== null) requireOperands(named, operands);
  return { command: named, operands, flags: values, processFlags, wants };
}

/** The longest command that matches the start of the command line. Flags may precede the command. */
function nameOf(words: readonly string[], commands: readonly Command[]): Command | null {
  const { values: _, positionals } = parseArgs({
    args: [...words],
    options: optionsOf(null),
    strict: false,
    allowPositionals: true,
  });
  const fits = commands.filter((command) => command.words.split(" ").every((word, at) => positionals[at] === word));
  return fits.toSorted((a, b) => b.words.length - a.words.length)[0] ?? null;
}

type Values = Record<string, string | boolean | undefined>;

function parsed(words: readonly string[], command: Command | null): { values: Values; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      options: optionsOf(command),
      allowPositionals: true,
    });
    return { values: values as Values, positionals };
  } catch (error) {
    if (!codeOf(error).startsWith("ERR_PARSE_ARGS")) throw error;
    throw new WrongUsage((error as Error).message.split(". ")[0]);
  }
}

function optionsOf(command: Command | null) {
  const flags = { ...PROCESS_FLAGS, ...command?.flags };
  return {
    help: { type: "boolean" as const, short: "h" },
    version: { type: "boolean" as const, short: "V" },
    ...Object.fromEntries(
      Object.entries(flags).map((
        [name, { value }],
      ) => [name, { type: value === null ? "boolean" as const : "string" as const }]),
    ),
  };
}

/** Accepts an empty command line. Refuses an unknown or incomplete command. */
function requireCommand([first, ...more]: readonly string[], commands: readonly Command[]): void {
  if (first === undefined) return;
  const names = commands.map(({ words }) => words);
  const family = names.filter((words) => words.startsWith(`${first} `));
  if (family.length === 0) throw new WrongUsage(`unknown command "${first}"${didYouMean(first, more, names)}`);
  const what = more.length === 0 ? `incomplete command "${first}"` : `unknown command "${first} ${more[0]}"`;
  throw new WrongUsage(`${what}; choose one of: ${family.join(", ")}`);
}

/** Suggests a similar command of one or two words. */
function didYouMean(first: string, [second]: readonly string[], names: readonly string[]): string {
  const meant = nearest(`${first} ${second ?? ""}`.trim(), names) ?? nearest(first, names);
  return meant === null ? "" : `. Did you mean "${meant}"?`;
}

function requireOperands(command: Command, operands: readonly string[]): void {
  const { words, min, max } = command.operands ?? { words: "", min: 0, max: 0 };
  if (operands.length < min) throw new WrongUsage(`${command.words} needs ${words}`);
  if (operands.length > max) throw new WrongUsage(`unexpected "${operands[max]}" after ${command.words}`);
}
