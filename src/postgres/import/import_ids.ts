/** Keeps a restored database from reusing import ids (docs/reliability.md#restore). */
import type postgres from "postgres";

/** Remembers the greatest id outside the database. */
export interface GreatestId {
  read(): Promise<number>;
  note(id: number): Promise<void>;
}

export const NO_GREATEST_ID: GreatestId = { read: () => Promise.resolve(0), note: () => Promise.resolve() };

const SEQUENCE = "rosterd.imports_id_seq";

/**
 * A query with one row, for the `with` of the statement that inserts an import. If the history ends before the greatest
 * id ever given, the query moves the sequence beyond that id.
 */
export function raisingIds(sql: postgres.ISql, greatest: number) {
  return sql`
    select count(setval(${SEQUENCE}::regclass, greatest(${greatest}::bigint, nextval(${SEQUENCE}::regclass))))
    from (select) as one where ${greatest}::bigint > (select coalesce(max(id), 0) from rosterd.imports)`;
}
