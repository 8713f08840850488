/** The `--help` texts. */
import { type Command, COMMON_FLAGS } from "./command.ts";
import { PROCESS_FLAGS } from "./parse.ts";

/** The help for one command, or for the program if `command` is null. */
export function helpText(command: Command | null, commands: readonly Command[]): string {
  return command === null ? programHelp(commands) : `${ownHelp(command)}\n\n${commonLine(command)}`;
}

/** The text printed after an error in the command line. */
export function usageLine(command: Command | null): string {
  if (command === null) return "usage: rosterd [COMMAND] [FLAGS]; rosterd --help lists the commands";
  return `usage: rosterd ${signature(command)}; see rosterd ${command.words} --help`;
}

function signature({ words, operands, flags }: Command): string {
  const own = Object.entries(flags).map(([name, { value }]) => `[--${name}${value === null ? "" : ` ${value}`}]`);
  return [words, ...(operands === undefined ? [] : [operands.words]), ...own].join(" ");
}

function programHelp(commands: readonly Command[]): string {
  return [
    "rosterd imports CSV rosters of users into PostgreSQL.",
    "",
    "usage: rosterd [COMMAND] [FLAGS]",
    "",
    "Commands (the default is serve):",
    ...table(commands.map((command) => [`${command.words} ${command.operands?.words ?? ""}`.trim(), command.summary])),
    "",
    ...flagLines(),
    "",
    "Exit codes: 0 all applied, 2 some records failed or are held, 3 a file was rejected, 1 any other error,",
    "64 wrong usage, 78 wrong configuration, 130 stopped at once by a second signal.",
  ].join("\n");
}

/** The help for one command. Its usage names the common flags that it accepts; only its own flags are explained. */
export function ownHelp(command: Command): string {
  const own = Object.entries(command.flags).filter((entry) => !isCommon(entry)).map(flagRow);
  return [
    `usage: rosterd ${signature(command)}`,
    "",
    command.help,
    ...(own.length === 0 ? [] : ["", ...table(own)]),
  ].join("\n");
}

function flagLines(): string[] {
  return [
    "Common flags of every command (in parentheses: the environment variable, then the default):",
    ...table(Object.entries(PROCESS_FLAGS).map(flagRow)),
    "",
    "Common flags of the commands whose usage names them:",
    ...table(Object.entries(COMMON_FLAGS).map(flagRow)),
    "",
    "Environment: DATABASE_URL (without it, serve uses an embedded PostgreSQL in the data folder),",
    "ROSTERD_ADMIN_TOKEN, ROSTERD_READ_TOKEN and ROSTERD_SMTP_PASSWORD. Add _FILE to a name to read the value from a file.",
  ];
}

type Entry = [name: string, flag: Command["flags"][string]];

/** A flag with a meaning of its own, such as the `--feed` of a list, is not a common flag. */
function isCommon([name, flag]: Entry): boolean {
  return COMMON_FLAGS[name] === flag;
}

function commonLine({ flags }: Command): string {
  const common = Object.entries(flags).filter(isCommon).map(([name]) => name);
  const names = [...common, ...Object.keys(PROCESS_FLAGS)].map((name) => `--${name}`);
  return `Common flags (rosterd --help explains them): ${names.join(" ")}`;
}

function flagRow([name, { value, help }]: Entry): [string, string] {
  return [`--${name}${value === null ? "" : ` ${value}`}`, help];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`);
}
