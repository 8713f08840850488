/** Keeps a restored database from reusing import ids (docs/reliability.md#restore). */
import type postgres from "postgres";

/** Stores the greatest import id outside the database. */
export interface GreatestId {
  read(): Promise<number>;
  note(id: number): Promise<void>;
}

export const NO_GREATEST_ID: GreatestId = { read: () => Promise.resolve(0), note: () => Promise.resolve() };

const SEQUENCE = "rosterd.imports_id_seq";

/**
 * Returns a one-row query for the `with` clause of the statement that inserts an import. If the newest imports are
 * missing from the history, the query moves the sequence past the greatest id ever used.
 */
export function raisingIds(sql: postgres.ISql, greatest: number) {
  return sql`
    select count(setval(${SEQUENCE}::regclass, greatest(${greatest}::bigint, nextval(${SEQUENCE}::regclass))))
    from (select) as one where ${greatest}::bigint > (select coalesce(max(id), 0) from rosterd.imports)`;
}
