/**
 * Creates the index for searches by last name. The service does this while it is idle, once the table has many users,
 * so that the index does not slow down the first import (docs/decisions/search-index.md).
 */
import type { Sql } from "./connection/connect.ts";

/** The size of a table with about 30,000 users. Searching a smaller table takes only a few milliseconds. */
const MIN_BYTES = 8 << 20;

const NAME = "users_last_name_idx";
/**
 * Creates the index without blocking other programs. `history/users.ts` searches by the same expression in the same
 * order.
 */
const CREATE = `create index concurrently ${NAME} on rosterd.users (lower(last_name collate "C"), unique_id)`;

/** Creates the index if the role in DATABASE_URL owns the table. Resolves to whether the index was created. */
export async function ensureSearchIndex(sql: Sql): Promise<boolean> {
  const [{ is_wanted, is_owner, is_valid }] = await sql<
    { is_wanted: boolean; is_owner: boolean; is_valid: boolean | null }[]
  >`
    select c.relkind = 'r' and pg_relation_size(c.oid) >= ${MIN_BYTES} as is_wanted, pg_has_role(c.relowner, 'usage') as is_owner,
      (select indisvalid from pg_index where indexrelid = to_regclass(${`rosterd.${NAME}`})) as is_valid
    from pg_class as c where c.oid = 'rosterd.users'::regclass`;
  if (!is_wanted || !is_owner || is_valid) return false;
  // An interrupted attempt leaves an invalid index behind.
  if (is_valid === false) await sql.unsafe(`drop index concurrently if exists rosterd.${NAME}`);
  await sql.unsafe(CREATE);
  // Without statistics on the index, the planner reads the table instead.
  await sql.unsafe("analyze rosterd.users");
  return true;
}

export async function hasSearchIndex(sql: Sql): Promise<boolean> {
  const [found] = await sql`select from pg_index where indexrelid = to_regclass(${`rosterd.${NAME}`}) and indisvalid`;
  return found !== undefined;
}
