/** `rosterd imports changes ID`: lists the changes made by an import, user by user. */
import { type ChangePage, type ChangeQuery, OUTCOMES } from "../../domain/outcome.ts";
import { changesFile } from "../../importer/files/changes_file.ts";
import { allChanges, listChanges } from "../../postgres/history/import_changes.ts";
import { withAccess } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import { changedWords } from "../changed_words.ts";
import { oneOf } from "../one_of.ts";
import type { Terminal } from "../terminal.ts";
import { ifNoSchema, importId, noSuchImport } from "./imports.ts";

/** The maximum number of changed users in one HTTP response. */
const ON_A_PAGE = 1_000;

export const changesCommand: Command = {
  words: "imports changes",
  operands: { words: "ID", min: 1, max: 1 },
  flags: {
    ...JSON_FLAG,
    csv: { value: null, help: "print all changes as CSV, one row for each value" },
    outcome: { value: "NAME", help: `list only users with this outcome: ${OUTCOMES.slice(0, 6).join(", ")}` },
  },
  summary: "show the changes that an import made, user by user",
  help: "Shows the first 1,000 users that an import created, changed or held: each value before and after, and the\n" +
    "permits released. With --csv, prints all of them.",
  run: runChanges,
};

type Load = (query: ChangeQuery) => Promise<ChangePage | null>;

async function runChanges(invocation: Invocation): Promise<number> {
  const id = importId(invocation.operands[0]), outcome = oneOf(invocation.flags, "outcome", OUTCOMES) ?? null;
  await withAccess(
    invocation,
    ({ sql }) =>
      print(
        invocation,
        id,
        (query) => listChanges(sql, id, { ...query, outcome }).catch((error) => ifNoSchema(error, null)),
      ),
    (service) =>
      print(invocation, id, ({ limit, after }) => {
        const query = new URLSearchParams({
          limit: String(limit),
          ...(after === null || after === undefined ? {} : { after }),
          ...(outcome === null ? {} : { outcome }),
        });
        return service.ask("GET", `/imports/${id}/changes?${query}`) as Promise<ChangePage>;
      }),
  );
  return EXIT.ok;
}

async function print({ flags, terminal }: Invocation, id: number, load: Load): Promise<void> {
  const first = await load({ limit: flags.csv ? 1 : ON_A_PAGE });
  if (first === null) throw noSuchImport(id);
  if (flags.json) return terminal.out(JSON.stringify(first, null, 2));
  if (first.cleared_at !== null) {
    throw new CommandFailed(
      `the record of the changes made by import ${id} was deleted after the retention period (bak_retention_days)`,
    );
  }
  if (flags.csv) return await printCsv(terminal, load);
  if (first.changes.length === 0) return terminal.out(`import ${id} did not change any users`);
  for (const { unique_id, ...change } of first.changes) terminal.out(changedWords(unique_id, change));
  if (first.next !== null) {
    terminal.out(terminal.paint.faint(`… and more: "rosterd imports changes ${id} --csv" prints all of them`));
  }
}

async function printCsv(terminal: Terminal, load: Load): Promise<void> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for await (const bytes of changesFile(allChanges(load, ON_A_PAGE))) {
    const text = decoder.decode(bytes);
    // The last line feed is removed, because `out` adds one itself.
    if (text !== "") terminal.out(text.slice(0, -1));
  }
}
