/** What alerts need of the database: when a file was imported last, and which alerts were mailed before. */
import type { Alert } from "../../domain/mail.ts";
import type { Sql } from "../connection/connect.ts";
import { newMessageId } from "./outbox_store.ts";

/** When the last file was imported, if none was since `time`; else null. Before the first one counts from the installation. */
export async function noImportSince(sql: Sql, time: Date): Promise<Date | null> {
  const [{ last }] = await sql<{ last: Date }[]>`
    select coalesce(
      (select max(finished_at) from rosterd.imports where status <> 'error'),
      (select min(applied_at) from rosterd.migrations)
    ) as last`;
  return last < time ? last : null;
}

/** Keeps an alert for sending, unless one with the same key was kept before. */
export async function alertOnce(
  sql: Sql,
  sender: string,
  key: string,
  alert: Alert,
): Promise<void> {
  const content = sql.json({ ...alert, key });
  await sql`
    insert into rosterd.outbox (kind, content, message_id)
    select 'alert', ${content}, ${newMessageId(sender)}
    where not exists (select from rosterd.outbox where kind = 'alert' and content ->> 'key' = ${key})`;
}
