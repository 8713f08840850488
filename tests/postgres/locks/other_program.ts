/** Another program that uses the same database, and triggers that stop an import at a known point. */
import postgres from "postgres";
import type { Sql } from "../../../src/postgres/connection/connect.ts";
import { until } from "../../support/until.ts";
import type { RosterDatabase } from "../roster_database.ts";

/** Runs `test` with another program in a session of its own. */
export async function withOther(db: RosterDatabase, test: (other: Sql) => Promise<void>): Promise<void> {
  const other = postgres(db.url!, { max: 1, onnotice: () => {}, connection: { application_name: "other" } });
  try {
    await test(other as unknown as Sql);
  } finally {
    await other.end({ timeout: 0 });
  }
}

/** Runs `work` in one of the other program's transactions. `ended` resolves when the transaction ends. */
export function transactionOf(other: Sql, work: (tx: Sql) => Promise<void>) {
  const begun = Promise.withResolvers<void>(), end = Promise.withResolvers<void>();
  const ended = other.begin(async (tx) => {
    await work(tx as unknown as Sql);
    begun.resolve();
    await end.promise;
  });
  ended.catch(begun.reject);
  return { begun: begun.promise, commit: () => (end.resolve(), ended) };
}

/** Stops an import before its first `what` ("insert on rosterd.users") until the test opens the gate. */
export async function gateBefore(db: RosterDatabase, what: string) {
  await db.sql.unsafe(`
    create table public.gate (open boolean);
    insert into public.gate values (false);
    create function public.wait_at_gate() returns trigger language plpgsql as $$
    begin
      if current_setting('application_name') <> 'rosterd' then return null; end if;
      perform pg_advisory_xact_lock_shared(4711);
      while not (select open from public.gate) loop perform pg_sleep(0.01); end loop;
      return null;
    end $$;
    create trigger gate before ${what} for each statement execute function public.wait_at_gate()`);
  const stands = async () =>
    (await db.sql`select from pg_locks where locktype = 'advisory' and objid = 4711 and granted`).length > 0;
  return {
    reached: () => until(`an import at the gate before ${what}`, stands),
    open: async () => void await db.sql`update public.gate set open = true`,
  };
}

/** Resolves once the other program has been waiting for a lock for `ms`. */
export async function waitsForLock(db: RosterDatabase, ms: number): Promise<void> {
  await until(`the other program waits for a lock for ${ms} ms`, async () => {
    const rows = await db.sql`
      select from pg_stat_activity
      where datname = current_database() and application_name = 'other' and wait_event_type = 'Lock'
        and clock_timestamp() - query_start > ${ms} * interval '1 ms'`;
    return rows.length > 0;
  });
}

/** Resolves once an import has run into the other program's lock and given way. */
export async function importYields(db: RosterDatabase): Promise<void> {
  await until("an import that yields", async () => {
    const rows = await db.sql`
      select from pg_stat_activity
      where datname = current_database() and application_name = 'rosterd' and xact_start is not null
        and state = 'idle in transaction' and query ~* '^rollback to'`;
    return rows.length > 0;
  });
}
