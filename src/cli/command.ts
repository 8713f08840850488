/** The interface of every command. A command returns its exit code; only `main.ts` ends the process. */
import type { Config } from "../config.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { Installation } from "./installation.ts";
import type { Terminal } from "./terminal.ts";

export interface Invocation {
  version: string;
  config: Config;
  command: Command;
  /** All commands, in the order of `rosterd --help`. */
  commands: readonly Command[];
  installation: Installation;
  operands: readonly string[];
  /** The flags by name, without the leading dashes, such as `failed-file`. */
  flags: Readonly<Record<string, string | boolean | undefined>>;
  terminal: Terminal;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
}

export interface Command {
  /** The words of the command as typed: `imports show`. */
  words: string;
  /**
   * The operands as shown in the help, such as `FILE…`, and the number of operands allowed. Absent for a command
   * without operands.
   */
  operands?: { words: string; min: number; max: number };
  /** `value` is the placeholder in help; null for a switch. */
  flags: Readonly<Record<string, { value: string | null; help: string }>>;
  /** True if the command reads only flags and environment variables, not an installation's environment file. */
  ignoresInstallation?: true;
  /** A one-line summary for the list of commands. */
  summary: string;
  help: string;
  run(invocation: Invocation): Promise<number>;
}

/** Exit codes (docs/cli.md#exit-codes). */
export const EXIT = { ok: 0, other: 1, failures: 2, rejected: 3, usage: 64, software: 70, configuration: 78 } as const;

/** Thrown if the command line is not valid. The caller prints the usage and exits with 64. */
export class WrongUsage extends Error {
  override readonly name = "WrongUsage";
  /** The command; null if the command itself is unknown. */
  command: Command | null = null;
}

/**
 * Thrown if a command fails because of a problem that the user can fix. The message gives the reason. The caller exits
 * with 1.
 */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

export const JSON_FLAG = { json: { value: null, help: "print one JSON object; messages go to standard error" } };

export const FEED_FLAG = { feed: { value: "NAME", help: "the feed (without this flag, the upload folder itself)" } };

/** Commands use the embedded database only on request. */
export const EMBEDDED_FLAG = { embedded: { value: null, help: "use the embedded database in the data folder" } };

export const YES_FLAG = { yes: { value: null, help: "do not ask for confirmation" } };

/** Flags with the same meaning in several commands. `rosterd --help` explains them once. */
export const COMMON_FLAGS: Command["flags"] = { ...JSON_FLAG, ...FEED_FLAG, ...EMBEDDED_FLAG, ...YES_FLAG };
