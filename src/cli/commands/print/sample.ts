/** `rosterd print sample`: a small roster with every column, the same that the admin page offers. */
import sample from "../../../http/page/assets/sample-roster.csv" with { type: "text" };
import { type Command, EXIT, type Invocation } from "../../command.ts";

export const printSampleCommand: Command = {
  words: "print sample",
  operands: "",
  least: 0,
  most: 0,
  flags: {},
  standsAlone: true,
  summary: "print a sample roster with every column",
  help: "Prints a small roster with every column, to look at and to try: rosterd print sample > sample.csv",
  run: runPrintSample,
};

function runPrintSample({ terminal }: Invocation): Promise<number> {
  terminal.out(sample.trimEnd());
  return Promise.resolve(EXIT.ok);
}
