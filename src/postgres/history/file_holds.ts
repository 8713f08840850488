/** Puts whole files on hold (docs/people.md#change-guard), and ends the holds after an approval or a newer file. */
import { type Approved, requireOpenHold } from "../../domain/decision.ts";
import { COUNT_NAMES, type HeldChanges } from "../../domain/outcome.ts";
import type { Approval, DoneImport, HeldPlan, ImportEntry } from "../../importer/ports.ts";
import type { Sql, Tx } from "../connection/connect.ts";
import { type GreatestId, raisingIds } from "../import/import_ids.ts";
import { withValues } from "../import/queries.ts";
import { keepingSettings } from "./import_settings.ts";
import { type DecidedImport, noteDecision } from "./decision.ts";
import { endImport } from "./end_import.ts";

type HeldImport = HeldPlan & Pick<DoneImport, "facts" | "mail" | "finishedAt">;

/** Puts an import's file on hold. All records in the file count as held. */
export async function holdFile(
  tx: Tx,
  importId: number,
  { held, warnings, facts, mail, finishedAt }: HeldImport,
): Promise<void> {
  const { records, delimiter, encoding, sha256, bytes } = facts;
  await endImport(tx, importId, mail, {
    ...{ status: "held", hold_state: "open", hold_kind: "changes", hold_reason: held.reason },
    ...{ hold_columns: tx.json(held.columns as never), warnings: tx.json(warnings as never), reason: null },
    ...{ records, held: records, delimiter, encoding, sha256, bytes, finished_at: finishedAt },
  });
}

/**
 * Adds columns to a hold, because an approval found that they would change for too many users, too. Another approval
 * may already have added them.
 */
export async function holdMore(sql: Sql, importId: number, { reason, columns }: HeldChanges): Promise<void> {
  const names = columns.map(({ column }) => column);
  await sql`
    update rosterd.imports set hold_reason = ${reason}, hold_columns = (
      select coalesce(jsonb_agg(value), '[]') from jsonb_array_elements(hold_columns)
      where value ->> 'column' <> all(${names}::text[])
    ) || ${sql.json(columns as never)}
    where id = ${importId} and hold_state = 'open'`;
}

const SUPERSEDE = `
  update rosterd.imports as held
  set hold_state = 'superseded', hold_ended_at = now(), hold_ended_by = newer.id
  from rosterd.imports as newer
  where newer.id = $1 and held.feed = newer.feed and held.id < coalesce(newer.approves, newer.id)
    and held.hold_state = 'open' and held.hold_kind = 'changes'`;

/** Ends the holds on older files of the feed, because this import has applied a newer one. */
export async function supersedeHeldFiles(tx: Tx, importId: number): Promise<void> {
  await tx.unsafe(withValues(SUPERSEDE, importId));
}

/** Inserts the import that applies a held file. Throws CannotDecide unless the hold is open. */
export async function beginApproval(tx: Tx, approval: Approval, greatestId: GreatestId): Promise<number> {
  const { held, feed, claimKey, settings, startedAt } = approval;
  const [found] = await tx<(Pick<DecidedImport, "hold_state"> & { file: string; bytes: number })[]>`
    select hold_state, file, bytes from rosterd.imports where id = ${held} for update`;
  requireOpenHold(found.hold_state);
  const [{ id }] = await tx`
    with raised as (${raisingIds(tx, await greatestId.read())}), ${keepingSettings(tx, settings)}
    insert into rosterd.imports (feed, file, taken_key, settings_digest, started_at, bytes, approves)
    select ${feed}, ${found.file}, ${claimKey}, kept.digest, ${startedAt}::timestamptz, ${found.bytes}::bigint,
      ${held}::bigint
    from raised, kept
    returning id`;
  await greatestId.note(id);
  return id;
}

/** Ends the hold on a file that has been applied. */
export async function endApproval(tx: Tx, { held, by }: Approval, entry: ImportEntry): Promise<Approved> {
  await tx`
    update rosterd.imports set hold_state = 'approved', hold_ended_at = now(), hold_ended_by = ${entry.id}
    where id = ${held}`;
  const counts = Object.fromEntries(COUNT_NAMES.filter((name) => entry[name] > 0).map((name) => [name, entry[name]]));
  await noteDecision(tx, held, { what: "approved", by }, counts);
  const applied = { import: entry.id, status: entry.status, counts };
  return { archived: 0, disabled: 0, permits_released: 0, left_out: [], left_out_total: 0, applied };
}
