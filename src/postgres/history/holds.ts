/** Lists, approves and discards holds (docs/people.md#hold). Each decision is one transaction. */
import {
  type Approved,
  CannotDecide,
  type Discarded,
  type HeldColumn,
  type HeldPage,
  type HeldUser,
  type LeftOut,
  MAX_LEFT_OUT,
  requireOpenHold,
} from "../../domain/decision.ts";
import type { Sql, Tx } from "../connection/connect.ts";
import { decision, leftOut } from "./decision.ts";
import { releasePermits } from "../import/queries.ts";
import approveFind from "../queries/decide/approve_find.sql" with { type: "text" };
import approveLock from "../queries/decide/approve_lock.sql" with { type: "text" };
import approveNote from "../queries/decide/approve_note.sql" with { type: "text" };
import approveUsers from "../queries/decide/approve_users.sql" with { type: "text" };
import heldUsers from "../queries/decide/held_users.sql" with { type: "text" };

const RELEASE_PERMITS = releasePermits("deciding where left_out is null and effect = 'archive'");

/** Archives or disables the held users, except those whom a later roster keeps. Returns null for an unknown import. */
export const approveHold = decision<Omit<Approved, "applied">>("approved", async (tx, found, lock) => {
  const { id } = found;
  requireOpenHold(found.hold_state);
  if (found.hold_kind === "changes") {
    throw new CannotDecide("held_file", "this hold is on a whole file, so there are no users to approve");
  }
  await lock(approveLock, [id]);
  await tx.unsafe(approveFind, [id]);
  await tx.unsafe("analyze deciding");
  await tx.unsafe(approveNote, [id]);
  await tx.unsafe(approveUsers);
  const [{ permits_released }] = await tx.unsafe(RELEASE_PERMITS, [id]);
  const [{ archived, disabled }] = await tx.unsafe(
    `select count(*) filter (where effect = 'archive') as archived, count(*) filter (where effect = 'disable') as disabled
     from deciding where left_out is null`,
  );
  const left = await tx.unsafe<(LeftOut & { total: number })[]>(
    `select unique_id, left_out as reason, count(*) over () as total from deciding
     where left_out is not null order by unique_id limit $1`,
    [MAX_LEFT_OUT],
  );
  await endHold(tx, id, "approved");
  return { archived, disabled, permits_released, ...leftOut(left) };
});

/** Ends a hold and leaves the held users unchanged. Returns null for an unknown import. */
export const discardHold = decision<Discarded>("discarded", async (tx, found) => {
  const { id } = found;
  requireOpenHold(found.hold_state);
  const [{ discarded }] = await tx`select count(*) as discarded from rosterd.import_held where import_id = ${id}`;
  await endHold(tx, id, "discarded");
  return { discarded, left_out: [], left_out_total: 0 };
});

async function endHold(tx: Tx, id: number, state: "approved" | "discarded"): Promise<void> {
  await tx`update rosterd.imports set hold_state = ${state}, hold_ended_at = now() where id = ${id}`;
}

/**
 * Returns one page of held users, ordered by unique_id, and the columns of a held file, or null for an unknown import.
 */
export async function listHeld(
  sql: Sql,
  importId: number,
  { limit, after = null }: { limit: number; after?: string | null },
): Promise<HeldPage | null> {
  const [found] = await sql<{ columns: HeldColumn[] }[]>`
    select hold_columns as columns from rosterd.imports where id = ${importId}`;
  if (found === undefined) return null;
  const rows = await sql.unsafe<HeldUser[]>(heldUsers, [importId, after, limit + 1]);
  const held = [...rows.slice(0, limit)];
  return { ...found, held, next: rows.length > limit ? held[held.length - 1].unique_id : null };
}

/** Yields all held users of an import in pages, for the attachment of the email. */
export async function* allHeld(sql: Sql, importId: number): AsyncGenerator<HeldUser[]> {
  for (let after: string | null = null;;) {
    const page = await listHeld(sql, importId, { limit: 1_000, after });
    if (page === null || page.held.length === 0) return;
    yield page.held;
    if (page.next === null) return;
    after = page.next;
  }
}
