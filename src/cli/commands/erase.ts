/** `rosterd users erase ID`: erases a user and every trace of them in the database (docs/people.md#erasure). */
import type { Erased } from "../../domain/erasure.ts";
import { feedPath } from "../../domain/feed.ts";
import { eraseUser } from "../../postgres/history/erasure.ts";
import { grouped } from "../../runtime/grouped.ts";
import { printable } from "../../runtime/log.ts";
import { withAccess } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG, WrongUsage, YES_FLAG } from "../command.ts";
import { isConfirmed } from "../confirm.ts";
import { operatingSystemUser } from "../operating_system_user.ts";
import { settingsInForce } from "../settings_in_force.ts";
import { ifNoSchema } from "./imports.ts";

const MAX_FILES_PRINTED = 20;

export const eraseCommand: Command = {
  words: "users erase",
  operands: { words: "ID", min: 1, max: 1 },
  flags: { ...JSON_FLAG, ...YES_FLAG },
  summary: "erase a user who has no access, and every trace of them in the database",
  help: "Permanently removes the user and every trace of them from the database. Asks first, unless --yes is given.\n" +
    "Exits with 1 if the user has access or an active permit. Lists the files in bak that may still name the user.",
  run: runErase,
};

async function runErase(invocation: Invocation): Promise<number> {
  const { operands: [id], flags, terminal, signal } = invocation;
  if (!flags.yes && !terminal.canAsk) {
    throw new WrongUsage("users erase asks for confirmation, which needs a terminal: add --yes");
  }
  const question = `Erase the user ${printable(id)} and every trace of them in the database?`;
  if (!await isConfirmed(invocation, question)) throw new CommandFailed("nothing was erased");
  const erased = await withAccess<Erased | null>(
    invocation,
    async (database) => {
      const { bak_retention_days: retentionDays } = await settingsInForce(invocation);
      return await eraseUser(database, id, { retentionDays, signal, by: operatingSystemUser() })
        .catch((error) => ifNoSchema(error, null));
    },
    (service) => service.ask("POST", `/users/${encodeURIComponent(id)}/erase`) as Promise<Erased>,
  );
  if (erased === null) throw new CommandFailed("this user does not exist");
  if (flags.json) terminal.out(JSON.stringify(erased, null, 2));
  else printErased(invocation, erased);
  return EXIT.ok;
}

function printErased({ terminal: { out, paint } }: Invocation, { files, files_total }: Erased): void {
  out("user erased");
  if (files_total === 0) return;
  out(paint.warning(`  files in bak that may still name the user: ${grouped(files_total)}`));
  const shown = files.slice(0, MAX_FILES_PRINTED);
  for (const { feed, file, kept_until } of shown) {
    const until = kept_until === null ? "kept until you delete it" : `kept until ${kept_until}`;
    out(`  ${printable(feedPath(feed, `bak/${file}`))}: ${until}`);
  }
  if (files_total > shown.length) out(paint.faint(`  … and ${grouped(files_total - shown.length)} more`));
}
