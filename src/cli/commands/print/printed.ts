/**
 * What the printed configurations share: each is a template of the file that its program reads, with shell scripts that
 * set up the accounts and folders it names. The scripts are printed as comments `#$ COMMAND`, so that the text stays one
 * file, and one line of `sed` runs them. They may be run again.
 */
import { type Command, EXIT } from "../../command.ts";
import { fill, type Values } from "./fill.ts";
import { type Host, hostOf } from "./host.ts";
import howTo from "./templates/how_to.txt" with { type: "text" };

/** A configuration to print. */
export interface Printed {
  /** The word after `print`. */
  what: string;
  summary: string;
  help: string;
  /** Where its reader saves it. */
  file: string;
  template: string;
  scripts: readonly string[];
  /** For the names in the template and its scripts. Throws `WrongConfiguration` for a host that it cannot describe. */
  values(host: Host, version: string): Values;
}

/** The command that prints it. */
export function printCommand(printed: Printed): Command {
  return {
    words: `print ${printed.what}`,
    operands: "",
    least: 0,
    most: 0,
    flags: {},
    standsAlone: true,
    summary: printed.summary,
    help: printed.help,
    run({ config, terminal, version }) {
      terminal.out(printedText(printed, hostOf(config), version));
      return Promise.resolve(EXIT.ok);
    },
  };
}

function printedText({ file, template, scripts, values }: Printed, host: Host, version: string): string {
  const whole = template
    .replace("# {{how_to}}\n", () => fill(howTo, { file }))
    .replace("# {{setup}}\n", () => scripts.join("").replace(/^(?=.)/gm, () => "#$ "));
  return fill(whole, values(host, version)).trimEnd();
}
