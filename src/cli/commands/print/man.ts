/** `rosterd print man`: the manual page, generated from the help of all commands. */
import { type Command, EXIT } from "../../command.ts";
import { helpText, ownHelp } from "../../help.ts";

export const printManCommand: Command = {
  words: "print man",
  flags: {},
  ignoresInstallation: true,
  summary: "print the manual page",
  help: "Prints the manual page: rosterd print man > /usr/local/share/man/man1/rosterd.1",
  run({ terminal, commands, version }) {
    terminal.out(manualPage(commands, version));
    return Promise.resolve(EXIT.ok);
  },
};

function manualPage(commands: readonly Command[], version: string): string {
  return [
    `.TH ROSTERD 1 "" "rosterd ${version}"`,
    ".SH NAME",
    "rosterd \\- import CSV rosters of users into PostgreSQL",
    ".SH SYNOPSIS",
    ".B rosterd",
    "[COMMAND] [FLAGS]",
    ".SH DESCRIPTION",
    ...verbatim(helpText(null, commands)),
    ".SH COMMANDS",
    ...commands.flatMap((command) => [`.SS ${escaped(command.words)}`, ...verbatim(ownHelp(command))]),
  ].join("\n");
}

function verbatim(text: string): string[] {
  return [".nf", ...text.split("\n").map((line) => escaped(line).replace(/^(?=[.'])/, "\\&")), ".fi"];
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
}
