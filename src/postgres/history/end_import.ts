/** Ends an import, whatever its result. */
import type { MailOwed } from "../../importer/ports.ts";
import type { Tx } from "../connection/connect.ts";
import { notifying } from "./history.ts";
import { enqueue, newMessageId } from "./outbox_store.ts";
import { settingsColumn } from "./import_settings.ts";

/**
 * Records the end of an import, notifies other programs, and queues the email about the import. `values`: columns of
 * `rosterd.imports`. Returns the import's row, or null if the import had already ended.
 */
export async function endImport(tx: Tx, importId: number, mail: MailOwed, values: Record<string, unknown>) {
  const columns = { ...values, mail: mail.state };
  const [row] = await tx`
    update rosterd.imports set ${tx(columns as never)} where id = ${importId} and status in ('running', 'error')
    returning *, ${settingsColumn(tx)}, ${notifying(tx)}`;
  if (row === undefined) return null;
  if (mail.state === "waiting") {
    await enqueue(tx, { kind: mail.kind, importId, messageId: newMessageId(mail.sender) });
  }
  return row;
}
