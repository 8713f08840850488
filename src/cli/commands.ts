/** All commands in the order of `rosterd --help`. */
import type { Command } from "./command.ts";
import { changesCommand } from "./commands/changes.ts";
import { checkCommand } from "./commands/check.ts";
import { approveCommand, discardCommand, undoCommand } from "./commands/decide.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { healthcheckCommand } from "./commands/healthcheck.ts";
import { importCommand } from "./commands/import.ts";
import { importsCommand, showCommand } from "./commands/imports.ts";
import { printCompletionCommand } from "./commands/print/completion.ts";
import { printComposeCommand } from "./commands/print/compose.ts";
import { printManCommand } from "./commands/print/man.ts";
import { printCaddyCommand, printNginxCommand } from "./commands/print/proxy.ts";
import { printSampleCommand } from "./commands/print/sample.ts";
import { printSqlCommand } from "./commands/print/sql.ts";
import { printSshdCommand } from "./commands/print/sshd.ts";
import { printSystemdCommand } from "./commands/print/systemd.ts";
import { printVsftpdCommand } from "./commands/print/vsftpd.ts";
import { replayCommand } from "./commands/replay.ts";
import { runCommand } from "./commands/run.ts";
import { serveCommand } from "./commands/serve.ts";
import { settingsGetCommand, settingsSetCommand } from "./commands/settings.ts";
import { settingsHistoryCommand } from "./commands/settings_history.ts";
import { settingsMapCommand } from "./commands/settings_map.ts";
import { statusCommand } from "./commands/status.ts";
import { testMailCommand } from "./commands/test_mail.ts";
import {
  tokenAddCommand,
  tokenCommand,
  tokenLinkCommand,
  tokenListCommand,
  tokenRemoveCommand,
} from "./commands/token.ts";
import { eraseCommand } from "./commands/erase.ts";
import { findCommand, showUserCommand } from "./commands/users.ts";

export const COMMANDS: readonly Command[] = [
  serveCommand,
  runCommand,
  importCommand,
  checkCommand,
  importsCommand,
  showCommand,
  changesCommand,
  approveCommand,
  discardCommand,
  undoCommand,
  replayCommand,
  findCommand,
  showUserCommand,
  eraseCommand,
  doctorCommand,
  statusCommand,
  settingsGetCommand,
  settingsSetCommand,
  settingsMapCommand,
  settingsHistoryCommand,
  testMailCommand,
  tokenCommand,
  tokenAddCommand,
  tokenListCommand,
  tokenRemoveCommand,
  tokenLinkCommand,
  healthcheckCommand,
  printSystemdCommand,
  printComposeCommand,
  printSshdCommand,
  printVsftpdCommand,
  printNginxCommand,
  printCaddyCommand,
  printSqlCommand,
  printManCommand,
  printCompletionCommand,
  printSampleCommand,
];
