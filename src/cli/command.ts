/** What every command gets and gives back. A command never ends the process; `main.ts` does, with its exit code. */
import type { Config } from "../config.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { Installation } from "./installation.ts";
import type { Terminal } from "./terminal.ts";

export interface Invocation {
  version: string;
  config: Config;
  command: Command;
  /** Whose configuration it is. */
  installation: Installation;
  /** What stands behind the command's words. */
  operands: readonly string[];
  /** Flags of the command: `--failed-file PATH` as `failed-file`. */
  flags: Readonly<Record<string, string | boolean | undefined>>;
  terminal: Terminal;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}

export interface Command {
  /** The words that call it: `imports show`. */
  words: string;
  /** `FILE…` and the like; empty where it takes none. */
  operands: string;
  /** How many operands it takes. */
  least: number;
  most: number;
  /** Its own flags, with the word for their value, or null for a switch; and what they do. */
  flags: Readonly<Record<string, { value: string | null; help: string }>>;
  /** It takes flags and environment alone, and is about no installation that is there. */
  standsAlone?: true;
  /** One line for the list of commands. */
  summary: string;
  /** What more there is to know. */
  help: string;
  run(invocation: Invocation): Promise<number>;
}

/** Exit codes (contract, section 7). */
export const EXIT = { ok: 0, other: 1, failures: 2, rejected: 3, usage: 64, configuration: 78 } as const;

/** The command line is wrong. The caller shows the usage and exits with 64. */
export class WrongUsage extends Error {
  override readonly name = "WrongUsage";
  /** The command that was called, where it is known. */
  command: Command | null = null;
}

/** Something that a person can mend went wrong; the message says what. The caller exits with 1. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** For `import` and `check`, which do not use the embedded database unasked. */
export const EMBEDDED_FLAG = { embedded: { value: null, help: "use the embedded database in the data folder" } };

export const JSON_FLAG = { json: { value: null, help: "print one JSON document; messages go to standard error" } };
