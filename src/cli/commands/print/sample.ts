/** `rosterd print sample`: the sample roster of the admin page. */
import sample from "../../../http/page/assets/sample-roster.csv" with { type: "text" };
import { type Command, EXIT } from "../../command.ts";

export const printSampleCommand: Command = {
  words: "print sample",
  flags: {},
  ignoresInstallation: true,
  summary: "print a sample roster with every column",
  help: "Prints a small roster with every column, to read and try out: rosterd print sample > sample.csv",
  run({ terminal }) {
    terminal.out(sample.trimEnd());
    return Promise.resolve(EXIT.ok);
  },
};
