/**
 * The index for searches by last name. The service creates it at rest, once there are many users, so that no first import
 * pays for it (docs/decisions/search-index.md).
 */
import type { Sql } from "./connection/connect.ts";

/** A search reads a smaller table within a few milliseconds: about 30,000 users. */
const MIN_BYTES = 8 << 20;

const NAME = "users_last_name_idx";
/** Without blocking other programs. `users.ts` in `history/` searches by this expression, in this order. */
const CREATE = `create index concurrently ${NAME} on rosterd.users (lower(last_name collate "C"), unique_id)`;

/** Resolves to whether it created the index. Does nothing if the role in DATABASE_URL does not own the table. */
export async function ensureSearchIndex(sql: Sql): Promise<boolean> {
  const [{ is_wanted, is_owner, is_valid }] = await sql<
    { is_wanted: boolean; is_owner: boolean; is_valid: boolean | null }[]
  >`
    select c.relkind = 'r' and pg_relation_size(c.oid) >= ${MIN_BYTES} as is_wanted, pg_has_role(c.relowner, 'usage') as is_owner,
      (select indisvalid from pg_index where indexrelid = to_regclass(${`rosterd.${NAME}`})) as is_valid
    from pg_class as c where c.oid = 'rosterd.users'::regclass`;
  if (!is_wanted || !is_owner || is_valid) return false;
  // A creation that was interrupted leaves an index that is not valid.
  if (is_valid === false) await sql.unsafe(`drop index concurrently if exists rosterd.${NAME}`);
  await sql.unsafe(CREATE);
  // Without statistics of the index, the planner reads the table instead.
  await sql.unsafe("analyze rosterd.users");
  return true;
}

export async function hasSearchIndex(sql: Sql): Promise<boolean> {
  const [found] = await sql`select from pg_index where indexrelid = to_regclass(${`rosterd.${NAME}`}) and indisvalid`;
  return found !== undefined;
}
