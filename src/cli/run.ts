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
    return explain(error, terminal);
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
    if (!(error instanceof WrongUsage)) throw error;
    terminal.err(`rosterd: ${error.message}`);
    terminal.err(usageLine(error.command ?? named));
    return EXIT.usage;
  }
}

function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof UnusableData && !error.isMisconfigured) return say(terminal, error.message, EXIT.other);
  const wrongConfiguration = error instanceof WrongConfiguration || error instanceof UnusableData ||
    error instanceof NoAccess ||
    error instanceof UnsuitableDatabase ||
    error instanceof SchemaTooNew || error instanceof BrokenSettingsFile || error instanceof BrokenTokensFile;
  if (wrongConfiguration) return say(terminal, (error as Error).message, EXIT.configuration);
  if (error instanceof InvalidSettings || error instanceof UnknownFeed) return say(terminal, error.message, EXIT.usage);
  if (error instanceof CommandFailed || error instanceof EmbeddedInUse || error instanceof CannotDecide) {
    return say(terminal, error.message, EXIT.other);
  }
  if (error instanceof CannotListen) return say(terminal, error.message, exitCodeOfListening(error));
  if (isDatabaseUnreachable(error)) return say(terminal, explainFully(error), EXIT.other);
  if (error instanceof DOMException && error.name === "AbortError") return say(terminal, "stopped", EXIT.other);
  return say(terminal, unexpected(error), EXIT.other);
}

/** A port in use may be free after a restart. Other address errors are permanent. */
function exitCodeOfListening({ code }: CannotListen): number {
  return code === "EADDRINUSE" ? EXIT.other : EXIT.configuration;
}

function say(terminal: Terminal, message: string, code: number): number {
  terminal.err(`rosterd: ${message}`);
  return code;
}

/** Only the code of a database error is shown, because the error text may contain user data. */
function unexpected(error: unknown): string {
  const state = sqlState(error);
  if (state !== null) return `the database reported an error (SQLSTATE ${state}); see the log of the database server`;
  if (isErrno(error)) return `the operating system reported an error: ${(error as Error).message}`;
  return error instanceof Error ? error.stack ?? error.message : String(error);
}
