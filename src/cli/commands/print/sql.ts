/** `rosterd print sql`: the role and the database that rosterd needs. */
import template from "./templates/rosterd.sql" with { type: "text" };
import { type Command, EXIT } from "../../command.ts";

export const printSqlCommand: Command = {
  words: "print sql",
  flags: {},
  ignoresInstallation: true,
  summary: "print the statements that create the role and the database",
  help: "Prints the statements that create rosterd's role and database on a PostgreSQL server:\n" +
    "rosterd print sql > rosterd.sql\n" +
    "Its first lines say how to use it.",
  run({ terminal }) {
    terminal.out(template.trimEnd());
    return Promise.resolve(EXIT.ok);
  },
};
