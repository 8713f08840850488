/** Runs one command line. No other module converts errors to exit codes. */
import { CannotDecide } from "../domain/decision.ts";
import { InvalidSettings } from "../domain/parse_settings.ts";
import { UnknownFeed } from "../domain/feed_settings.ts";
import { BrokenSettingsFile } from "../domain/stored_settings.ts";
import { type ConfigSources, readConfig, WrongConfiguration } from "../config.ts";
import { BrokenTokensFile } from "../host/tokens_file.ts";
import { UnusableData } from "../host/unusable_data.ts";
import { CannotListen } from "../http/serve.ts";
import { UnsuitableDatabase } from "../postgres/connection/connect.ts";
import { explainFully, isDatabaseUnreachable } from "../postgres/connection/errors.ts";
import { SchemaTooNew } from "../postgres/migrate.ts";
import { systemClock } from "../runtime/clock.ts";
import { isErrno, sqlState } from "../runtime/errors.ts";
import { createLog } from "../runtime/log.ts";
import { EmbeddedInUse } from "../service/open_database.ts";
import { NoAccess } from "./access.ts";
import { type Command, CommandFailed, EXIT, WrongUsage } from "./command.ts";
import { endOnCrash } from "./crash.ts";
import { helpText, usageLine } from "./help.ts";
import { findInstallation } from "./installation.ts";
import { parseLine } from "./parse.ts";
import { signalsAsAbort } from "./signals.ts";
import { createTerminal, type Terminal, writeLog } from "./terminal.ts";

export interface Program {
  version: string;
  commands: readonly Command[];
}

/** Returns the exit code. Never throws; prints an unexpected error with its stack. */
export async function run(words: readonly string[], program: Program): Promise<number> {
  const terminal = createTerminal(Boolean(Deno.env.get("NO_COLOR")));
  try {
    return await runLine(words, program, terminal);
  } catch (error) {
    const { text, exitCode, usage } = explain(error);
    terminal.err(`rosterd: ${text}`);
    if (usage !== undefined) terminal.err(usage);
    if (words.includes("--json")) terminal.out(JSON.stringify({ error: { exit_code: exitCode, text } }, null, 2));
    return exitCode;
  }
}

async function runLine(words: readonly string[], { version, commands }: Program, terminal: Terminal): Promise<number> {
  let named: Command | null = null;
  try {
    const { command, operands, flags, processFlags, wants } = parseLine(words, commands);
    named = command;
    if (wants !== null) {
      terminal.out(wants === "version" ? `rosterd ${version}` : helpText(command, commands));
      return EXIT.ok;
    }
    const chosen = command ?? commands[0];
    const sources: ConfigSources = {
      env: (name) => Deno.env.get(name),
      readTextFile: (path) => Deno.readTextFileSync(path),
      isTerminal: () => Deno.stderr.isTerminal(),
    };
    const { installation, env } = findInstallation(processFlags, sources);
    const config = readConfig(processFlags, chosen.ignoresInstallation ? sources : { ...sources, env });
    const { logLevel: level, logFormat: format } = config;
    const log = createLog({ level, format, now: () => systemClock.now(), write: writeLog });
    using _crashes = endOnCrash(log, () => Deno.exit(EXIT.other));
    using signals = signalsAsAbort();
    const given = { version, config, command: chosen, commands, installation, operands, flags };
    return await chosen.run({ ...given, terminal, clock: systemClock, log, signal: signals.signal });
  } catch (error) {
    if (error instanceof WrongUsage) error.command ??= named;
    throw error;
  }
}

/** `usage` is printed after an error in the command line. */
interface Explained {
  text: string;
  exitCode: number;
  usage?: string;
}

function explain(error: unknown): Explained {
  if (error instanceof WrongUsage) return { ...explained(error, EXIT.usage), usage: usageLine(error.command) };
  if (error instanceof UnusableData && !error.isMisconfigured) return explained(error, EXIT.other);
  const wrongConfiguration = error instanceof WrongConfiguration || error instanceof UnusableData ||
    error instanceof NoAccess ||
    error instanceof UnsuitableDatabase ||
    error instanceof SchemaTooNew || error instanceof BrokenSettingsFile || error instanceof BrokenTokensFile;
  if (wrongConfiguration) return explained(error as Error, EXIT.configuration);
  if (error instanceof InvalidSettings || error instanceof UnknownFeed) return explained(error, EXIT.usage);
  if (error instanceof CommandFailed || error instanceof EmbeddedInUse || error instanceof CannotDecide) {
    return explained(error, EXIT.other);
  }
  if (error instanceof CannotListen) return explained(error, exitCodeOfListening(error));
  return { text: textOfOther(error), exitCode: EXIT.other };
}

function explained({ message }: Error, exitCode: number): Explained {
  return { text: message, exitCode };
}

/** A port in use may be free after a restart. Other address errors are permanent. */
function exitCodeOfListening({ code }: CannotListen): number {
  return code === "EADDRINUSE" ? EXIT.other : EXIT.configuration;
}

function textOfOther(error: unknown): string {
  if (isDatabaseUnreachable(error)) return explainFully(error);
  return error instanceof DOMException && error.name === "AbortError" ? "stopped" : unexpected(error);
}

/** Only the code of a database error is shown, because the error text may contain user data. */
function unexpected(error: unknown): string {
  const state = sqlState(error);
  if (state !== null) return `the database reported an error (SQLSTATE ${state}); see the log of the database server`;
  if (isErrno(error)) return `the operating system reported an error: ${(error as Error).message}`;
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
