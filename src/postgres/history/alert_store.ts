import type { Alert } from "../../domain/mail.ts";
import type { Sql } from "../connection/connect.ts";
import { newMessageId } from "./outbox_store.ts";

/** The last import's time (before the first, the installation's) if it was before `time`, otherwise null. */
export async function noImportSince(sql: Sql, time: Date): Promise<Date | null> {
  const [{ last }] = await sql<{ last: Date }[]>`
    select coalesce(
      (select max(finished_at) from rosterd.imports where status <> 'error'),
      (select min(applied_at) from rosterd.migrations)
    ) as last`;
  return last < time ? last : null;
}

/** Stores an alert for sending, once per key. */
export async function alertOnce(sql: Sql, sender: string, key: string, alert: Alert): Promise<void> {
  const content = sql.json({ ...alert, key });
  await sql`
    insert into rosterd.outbox (kind, content, message_id)
    select 'alert', ${content}, ${newMessageId(sender)}
    where not exists (select from rosterd.outbox where kind = 'alert' and content ->> 'key' = ${key})`;
}
