/**
 * What the guard held, and what people decide about it: approve or discard (contract, section 3, "Guard"). Each is one transaction
 * of the steps in `queries/decide/`.
 */
import {
  type Approved,
  CannotDecide,
  type Discarded,
  type HeldUser,
  type LeftOut,
  MAX_LEFT_OUT,
} from "../../domain/decision.ts";
import type { Database, Sql } from "../connection/connect.ts";
import { decide, type DecidedImport, leftOut, noteDecision } from "./decision.ts";
import approveArchived from "../queries/decide/approve_archived.sql" with { type: "text" };
import approveFind from "../queries/decide/approve_find.sql" with { type: "text" };
import approveLock from "../queries/decide/approve_lock.sql" with { type: "text" };
import approveNote from "../queries/decide/approve_note.sql" with { type: "text" };
import approveUsers from "../queries/decide/approve_users.sql" with { type: "text" };
import heldUsers from "../queries/decide/held_users.sql" with { type: "text" };
import releasePermits from "../queries/release_permits.sql" with { type: "text" };

/** What was held happens, but for users whose later records said otherwise. Null when there is no such import. */
export async function approveHold(
  database: Database,
  importId: number,
  signal: AbortSignal,
  by = "admin",
): Promise<Approved | null> {
  return await decide(database, importId, signal, async (tx, found, lock) => {
    demandOpenHold(found);
    await lock(approveLock, [importId]);
    await tx.unsafe(approveFind, [importId]);
    await tx.unsafe("analyze deciding");
    await tx.unsafe(approveNote, [importId]);
    await tx.unsafe(approveUsers);
    await tx.unsafe(approveArchived);
    const [{ permits_released }] = await tx.unsafe(releasePermits, [importId]);
    const [{ archived, disabled }] = await tx.unsafe(
      `select count(*) filter (where effect = 'archive') as archived, count(*) filter (where effect = 'disable') as disabled
       from deciding where left_out is null`,
    );
    const left = await tx.unsafe<(LeftOut & { total: number })[]>(
      `select unique_id, left_out as reason, count(*) over () as total from deciding
       where left_out is not null order by unique_id limit $1`,
      [MAX_LEFT_OUT],
    );
    await tx`update rosterd.imports set hold_state = 'approved', hold_ended_at = now() where id = ${importId}`;
    const result = { archived, disabled, permits_released, ...leftOut(left) };
    await noteDecision(tx, importId, { what: "approved", by }, result);
    return result;
  });
}

/** What was held does not happen. Null when there is no such import. */
export async function discardHold(
  database: Database,
  importId: number,
  signal: AbortSignal,
  by = "admin",
): Promise<Discarded | null> {
  return await decide(database, importId, signal, async (tx, found) => {
    demandOpenHold(found);
    const [{ discarded }] = await tx`
      select count(*) as discarded from rosterd.import_held where import_id = ${importId}`;
    await tx`update rosterd.imports set hold_state = 'discarded', hold_ended_at = now() where id = ${importId}`;
    const result = { discarded, left_out: [], left_out_total: 0 };
    await noteDecision(tx, importId, { what: "discarded", by }, result);
    return result;
  });
}

function demandOpenHold({ hold_state }: DecidedImport): void {
  if (hold_state === "open") return;
  throw hold_state === null
    ? new CannotDecide("nothing_held", "this import holds nobody")
    : new CannotDecide("hold_is_over", `what this import held was ${hold_state} already`);
}

/** Held users in the order of unique_id, a page at a time; null where there is no such import. */
export async function listHeld(
  sql: Sql,
  importId: number,
  { limit, after = null }: { limit: number; after?: string | null },
): Promise<{ held: HeldUser[]; next: string | null } | null> {
  const [known] = await sql`select id from rosterd.imports where id = ${importId}`;
  if (known === undefined) return null;
  const rows = await sql.unsafe<HeldUser[]>(heldUsers, [importId, after, limit + 1]);
  const held = [...rows.slice(0, limit)];
  return { held, next: rows.length > limit ? held[held.length - 1].unique_id : null };
}

/** Everybody whom an import holds, in pages; for the list that goes with the mail. */
export async function* allHeld(sql: Sql, importId: number): AsyncGenerator<HeldUser[]> {
  for (let after: string | null = null;;) {
    const page = await listHeld(sql, importId, { limit: 1_000, after });
    if (page === null || page.held.length === 0) return;
    yield page.held;
    if (page.next === null) return;
    after = page.next;
  }
}
