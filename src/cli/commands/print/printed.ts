/** Prints a configuration: a template whose `#$ COMMAND` lines can be extracted with `sed` and run, even repeatedly. */
import { type Command, EXIT, FEED_FLAG } from "../../command.ts";
import { feedOf } from "../../feed_flag.ts";
import { fill, type Values } from "./fill.ts";
import { type Host, hostOf } from "./host.ts";
import howTo from "./templates/how_to.txt" with { type: "text" };

export interface Printed {
  /** The word after `print` on the command line. */
  what: string;
  summary: string;
  help: string;
  /** The path under which to save the text. */
  file(feed: string): string;
  template: string;
  scripts(feed: string): readonly string[];
  /** Values for the template and its scripts. Throws `WrongConfiguration` if the host's values cannot be used. */
  values(host: Host, version: string, feed: string): Values;
  /** Whether the command can also print the configuration for a single feed. */
  hasFeeds?: true;
}

export function printCommand(printed: Printed): Command {
  return {
    words: `print ${printed.what}`,
    flags: printed.hasFeeds ? FEED_FLAG : {},
    ignoresInstallation: true,
    summary: printed.summary,
    help: printed.help,
    run({ config, terminal, version, flags }) {
      terminal.out(printedText(printed, hostOf(config), version, feedOf(flags)));
      return Promise.resolve(EXIT.ok);
    },
  };
}

function printedText({ file, template, scripts, values }: Printed, host: Host, version: string, feed: string): string {
  const whole = template
    .replace("# {{how_to}}\n", () => fill(howTo, { file: file(feed) }))
    .replace("# {{setup}}\n", () => scripts(feed).join("").replace(/^(?=.)/gm, () => "#$ "));
  return fill(whole, values(host, version, feed)).trimEnd();
}
