/** All commands (contract, section 7), in the order in which help lists them. */
import type { Command } from "./command.ts";
import { checkCommand } from "./check.ts";
import { approveCommand, discardCommand, undoCommand } from "./decide.ts";
import { doctorCommand } from "./doctor.ts";
import { healthcheckCommand } from "./healthcheck.ts";
import { importCommand } from "./import.ts";
import { importsCommand, showCommand } from "./imports.ts";
import { printComposeCommand } from "./print/compose.ts";
import { printSampleCommand } from "./print/sample.ts";
import { printSshdCommand } from "./print/sshd.ts";
import { printSystemdCommand } from "./print/systemd.ts";
import { printVsftpdCommand } from "./print/vsftpd.ts";
import { serveCommand } from "./serve.ts";
import { settingsGetCommand, settingsSetCommand } from "./settings.ts";
import { statusCommand } from "./status.ts";
import { tokenCommand } from "./token.ts";

export const COMMANDS: readonly Command[] = [
  serveCommand,
  importCommand,
  checkCommand,
  importsCommand,
  showCommand,
  approveCommand,
  discardCommand,
  undoCommand,
  doctorCommand,
  statusCommand,
  settingsGetCommand,
  settingsSetCommand,
  tokenCommand,
  healthcheckCommand,
  printSystemdCommand,
  printComposeCommand,
  printSshdCommand,
  printVsftpdCommand,
  printSampleCommand,
];
