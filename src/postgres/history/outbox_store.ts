/**
 * Stores waiting emails. Processes that share the outbox claim emails by moving `next_try_at` into the future
 * (docs/mail.md#retries).
 */
import type postgres from "postgres";
import type { Decision } from "../../domain/decision.ts";
import type { Alert, Claim, ImportMailKind, WaitingMail } from "../../domain/mail.ts";

/** An email to send. `messageId` comes from {@link newMessageId}. */
export type NewMail =
  & { messageId: string }
  & (
    | { kind: ImportMailKind; importId: number }
    | { kind: "decided"; importId: number; content: { decision: Decision } }
    | { kind: "alert"; content: Alert }
  );

/** Returns a unique Message-ID in the domain of the sender's address (RFC 5322, section 3.6.4). */
export function newMessageId(sender: string): string {
  return `<${crypto.randomUUID()}@${sender.slice(sender.lastIndexOf("@") + 1) || "rosterd.invalid"}>`;
}

/** Queues an email in the transaction of the event that it reports, and sets the import's `mail` to `waiting`. */
export async function enqueue(tx: postgres.ISql, mail: NewMail): Promise<void> {
  const importId = mail.kind === "alert" ? null : mail.importId;
  const content = "content" in mail ? tx.json({ ...mail.content }) : null;
  await tx`
    insert into rosterd.outbox (import_id, kind, content, message_id)
    values (${importId}, ${mail.kind}, ${content}, ${mail.messageId})`;
  if (importId !== null) await tx`update rosterd.imports set mail = 'waiting' where id = ${importId}`;
}

/** Returns the keys for which the outbox has no alert. */
export async function unalerted(sql: postgres.ISql, keys: readonly string[]): Promise<string[]> {
  const rows = await sql<{ key: string }[]>`
    select key from unnest(${[...keys]}::text[]) as key
    where not exists (select from rosterd.outbox where kind = 'alert' and content -> 'keys' ? key)`;
  return rows.map(({ key }) => key);
}

/** Queues an alert, once per key. `keys`: all keys that the alert covers, if it covers several. */
export async function alertOnce(
  sql: postgres.ISql,
  sender: string,
  key: string,
  alert: Alert,
  keys: readonly string[] = [],
): Promise<void> {
  const content = sql.json({ ...alert, key, keys: [...keys] });
  await sql`
    insert into rosterd.outbox (kind, content, message_id)
    select 'alert', ${content}, ${newMessageId(sender)}
    where not exists (select from rosterd.outbox where kind = 'alert' and content ->> 'key' = ${key})`;
}

/** The maximum number of emails in a digest. It keeps the statement below the limit on parameters. */
const MAX_CLAIMED_MAILS = 10_000;

export class PostgresOutboxStore {
  constructor(private readonly sql: postgres.Sql) {}

  /**
   * Claims emails (see `OutboxStore.claim`). Emails about an import wait until its file is in `bak`, because they quote
   * the file's name in that folder.
   */
  async claim(now: Date, until: Date, which: Claim): Promise<WaitingMail[]> {
    return await this.sql.begin(async (tx) => {
      const [first] = await tx`
        select id, message_id, kind, content ->> 'digest' as digest from rosterd.outbox
        where ${isDue(tx, now)} and (kind = 'held' or ${which !== "urgent"})
        order by kind <> 'held', next_try_at, id limit 1 for update skip locked`;
      if (first === undefined) return [];
      const ids = await claimedWith(tx, first, now, which === "all" && first.kind !== "held");
      const digest = ids.length > 1 ? first.digest ?? newMessageId(domainOf(first.message_id)) : first.digest;
      const rows = await tx`
        update rosterd.outbox set next_try_at = ${until},
          content = case when ${digest}::text is null then content
            else coalesce(content, '{}') || jsonb_build_object('digest', ${digest}::text) end
        where id in ${tx(ids)}
        returning id, import_id, kind, content, message_id, created_at, tries`;
      return rows.map(toMail).toSorted((one, other) => one.id - other.id);
    });
  }

  async renew(ids: readonly number[], until: Date): Promise<void> {
    await this.sql`
      update rosterd.outbox set next_try_at = ${until}
      where id in ${this.sql([...ids])} and sent_at is null and gave_up_at is null`;
  }

  async markSent(ids: readonly number[], now: Date, note: string | null): Promise<void> {
    await this.sql.begin(async (tx) => {
      await tx`
        update rosterd.outbox set sent_at = ${now}, tries = tries + 1, last_error = ${note} where id in ${
        tx([...ids])
      }`;
      await settleImports(tx, ids);
    });
  }

  async markRetry(ids: readonly number[], error: string, next: Date): Promise<void> {
    await this.sql`
      update rosterd.outbox set next_try_at = ${next}, tries = tries + 1, last_error = ${error}
      where id in ${this.sql([...ids])}`;
  }

  async release(ids: readonly number[], error: string | null, next: Date): Promise<void> {
    await this.sql`
      update rosterd.outbox set next_try_at = ${next}, last_error = coalesce(${error}::text, last_error)
      where id in ${this.sql([...ids])}`;
  }

  async giveUp(ids: readonly number[], error: string, now: Date): Promise<void> {
    await this.sql.begin(async (tx) => {
      await tx`
        update rosterd.outbox set gave_up_at = ${now}, tries = tries + 1, last_error = ${error}
        where id in ${tx([...ids])}`;
      await settleImports(tx, ids);
    });
  }

  async countSentBetween(from: Date, to: Date): Promise<number> {
    const [{ count }] = await this.sql`
      select count(distinct coalesce(content ->> 'digest', message_id))::int as count
      from rosterd.outbox where sent_at > ${from} and sent_at <= ${to} and kind <> 'held'`;
    return count;
  }

  async countWaiting(): Promise<number> {
    const [{ count }] = await this.sql`
      select count(*)::int as count from rosterd.outbox where sent_at is null and gave_up_at is null`;
    return count;
  }
}

/**
 * Returns the domain for the Message-ID of a digest. Each digest gets a new Message-ID, because the recipient may
 * already have received one of its emails.
 */
function domainOf(messageId: string): string {
  return messageId.slice(messageId.lastIndexOf("@"), -1);
}

/** The longest wait for a retry. A `next_try_at` further ahead was set while the clock was wrong. */
const MAX_WAIT_MS = 2 * 3_600_000;

function isDue(sql: postgres.ISql, now: Date) {
  const tooFar = new Date(now.getTime() + MAX_WAIT_MS);
  return sql`sent_at is null and gave_up_at is null and (next_try_at <= ${now} or next_try_at > ${tooFar})
    and (import_id is null
      or exists (
        select from rosterd.imports
        where imports.id = outbox.import_id and (bak_file is not null or file_gone_at is not null)))`;
}

/** Locks the emails that go into the same digest as the first one. Resolves to the ids of all of them. */
async function claimedWith(tx: postgres.ISql, first: postgres.Row, now: Date, together: boolean): Promise<number[]> {
  if (first.digest === null && !together) return [Number(first.id)];
  const companions = first.digest === null
    ? tx`${isDue(tx, now)} and kind <> 'held' and content ->> 'digest' is null`
    : tx`sent_at is null and gave_up_at is null and content ->> 'digest' = ${first.digest}`;
  // Locked emails are skipped, so that two processes never wait for each other.
  const rows = await tx`
    select id from rosterd.outbox where ${companions} order by next_try_at, id
    limit ${MAX_CLAIMED_MAILS} for update skip locked`;
  return rows.map(({ id }) => Number(id));
}

/**
 * Sets the `mail` status of each import: `waiting` while any of its emails is waiting, `failed` if rosterd gave up on
 * one, otherwise `sent`.
 */
async function settleImports(tx: postgres.ISql, ids: readonly number[]): Promise<void> {
  await tx`
    update rosterd.imports set mail = states.mail
    from (
      select import_id, case
        when bool_or(sent_at is null and gave_up_at is null) then 'waiting'
        when bool_or(gave_up_at is not null) then 'failed'
        else 'sent' end as mail
      from rosterd.outbox
      where import_id in (select import_id from rosterd.outbox where id in ${tx([...ids])})
      group by import_id
    ) as states
    where imports.id = states.import_id`;
}

function toMail(row: postgres.Row): WaitingMail {
  const common = {
    id: Number(row.id),
    messageId: row.message_id,
    digest: row.content?.digest ?? null,
    createdAt: new Date(row.created_at),
    tries: row.tries,
  };
  if (row.kind === "decided") {
    return { ...common, kind: row.kind, importId: Number(row.import_id), decision: row.content.decision };
  }
  if (row.kind !== "alert") return { ...common, kind: row.kind, importId: Number(row.import_id) };
  return {
    ...common,
    kind: row.kind,
    alert: { subject: row.content.subject, text: row.content.text, feed: row.content.feed },
  };
}
