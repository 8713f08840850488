/** Prints a configuration: a template whose `#$ COMMAND` lines can be extracted with `sed` and run, even repeatedly. */
import { type Command, EXIT } from "../../command.ts";
import { fill, type Values } from "./fill.ts";
import { type Host, hostOf } from "./host.ts";
import howTo from "./templates/how_to.txt" with { type: "text" };

export interface Printed {
  /** The word after `print`. */
  what: string;
  summary: string;
  help: string;
  /** Where to save the text. */
  file: string;
  template: string;
  scripts: readonly string[];
  /** Values for the template and its scripts. Throws `WrongConfiguration` if the host's values cannot be used. */
  values(host: Host, version: string): Values;
}

export function printCommand(printed: Printed): Command {
  return {
    words: `print ${printed.what}`,
    flags: {},
    ignoresInstallation: true,
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
