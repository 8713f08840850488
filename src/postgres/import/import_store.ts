/**
 * Stores imports. Only `imports.status` says whether a file was applied. It changes in the transaction that applies the
 * file.
 */
import type { HeldChanges, Reason } from "../../domain/outcome.ts";
import {
  type DryRun,
  type Facts,
  type HeldPlan,
  type ImportEntry,
  type ImportStore,
  type ImportTransaction,
  type MailOwed,
  MissingRight,
  type PastFailure,
  type WaitOptions,
} from "../../importer/ports.ts";
import { delay } from "../../runtime/delay.ts";
import { hasCode } from "../../runtime/errors.ts";
import { cancelOnAbort } from "../connection/cancel_on_abort.ts";
import type { Database } from "../connection/connect.ts";
import { pagesOf } from "../connection/pages.ts";
import { endImport } from "../history/end_import.ts";
import { holdFile, holdMore } from "../history/file_holds.ts";
import { failureColumns, findImport, toEntry } from "../history/history.ts";
import { keepingSettings, settingsColumn } from "../history/import_settings.ts";
import { hasYielded, LockedByOthers } from "./lock.ts";
import { acquireImportLock, prepare } from "./import_lock.ts";
import { type GreatestId, NO_GREATEST_ID, raisingIds } from "./import_ids.ts";
import { PostgresDryRun, PostgresImportTransaction } from "./import_transaction.ts";
import { migrateWithin } from "../migrate.ts";
import { explainWithRights } from "../rights.ts";

/** The isolation level of dry runs. A dry run does not take the import lock; its snapshot hides concurrent imports. */
const SNAPSHOT = "repeatable read";

/** Thrown with the result of a dry run, to roll back its transaction. */
class DryRunResult<T> {
  constructor(readonly result: T) {}
}

const LOCK_WAIT_MS = 25_000;
const MAX_ATTEMPTS = 3;
const RETRY_DELAY_MS = 500;

export interface ImportStoreOptions {
  /** Called once the import is in the history and before its transaction, which may occupy the only connection. */
  onBegun?: () => Promise<void>;
  greatestId?: GreatestId;
  lockWaitMs?: number;
}

export class PostgresImportStore implements ImportStore {
  readonly #onBegun: () => Promise<void>;
  readonly #greatestId: GreatestId;
  readonly #lockWaitMs: number;

  constructor(
    private readonly database: Database,
    { onBegun = async () => {}, greatestId = NO_GREATEST_ID, lockWaitMs = LOCK_WAIT_MS }: ImportStoreOptions = {},
  ) {
    this.#onBegun = onBegun;
    this.#greatestId = greatestId;
    this.#lockWaitMs = lockWaitMs;
  }

  /** Inserts the import without waiting for the disk, because any later commit also makes the entry durable. */
  async begin(entry: Parameters<ImportStore["begin"]>[0]): Promise<ImportEntry> {
    const { feed, file, claimKey, by, settings, startedAt, bytes } = entry, { sql } = this.database;
    const [row] = await sql`
      with relaxed as (select set_config('synchronous_commit', 'off', true)),
        raised as (${raisingIds(sql, await this.#greatestId.read())}), ${keepingSettings(sql, settings)}
      insert into rosterd.imports as existing (feed, file, taken_key, uploaded_by, settings_digest, started_at, bytes)
      select ${feed}, ${file}, ${claimKey}, ${by}::text, kept.digest, ${startedAt}::timestamptz, ${bytes}::bigint
      from relaxed, raised, kept
      on conflict (taken_key) do update set
        status = case when existing.status = 'error' then 'running' else existing.status end,
        started_at = case when existing.status in ('error', 'running') then excluded.started_at else existing.started_at end,
        settings_digest = case when existing.status in ('error', 'running')
          then excluded.settings_digest else existing.settings_digest end,
        bytes = case when existing.status in ('error', 'running') then excluded.bytes else existing.bytes end,
        finished_at = case when existing.status = 'error' then null else existing.finished_at end,
        file_gone_at = case when existing.status = 'error' then null else existing.file_gone_at end
      returning *, ${settingsColumn(sql)}`;
    await this.#greatestId.note(row.id);
    await this.#onBegun();
    return toEntry(row);
  }

  async transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: WaitOptions): Promise<T> {
    const copies = this.database.kind === "server";
    const lockWait = { signal: waiting.signal, waitMs: this.#lockWaitMs };
    for (let attempt = 1;; attempt++) {
      try {
        return await this.database.transaction(async (tx, session) => {
          const { pid } = await acquireImportLock(tx, waiting);
          const importing = () =>
            work(new PostgresImportTransaction({ tx, session, copies, greatestId: this.#greatestId }, lockWait));
          return copies ? await cancelOnAbort(this.database.sql, pid, waiting.signal, importing) : await importing();
        });
      } catch (error) {
        if (!hasYielded(error)) throw await this.#named(error);
        if (attempt === MAX_ATTEMPTS) throw new LockedByOthers(error);
        await delay(attempt * RETRY_DELAY_MS, waiting.signal);
      }
    }
  }

  async dryRun<T>(work: (dryRun: DryRun) => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(async (tx, session) => {
        await prepare(tx);
        await migrateWithin(tx);
        const copies = this.database.kind === "server";
        throw new DryRunResult(await work(new PostgresDryRun({ tx, session, copies })));
      }, SNAPSHOT);
    } catch (outcome) {
      if (outcome instanceof DryRunResult) return outcome.result as T;
      throw await this.#named(outcome);
    }
  }

  async #named(error: unknown): Promise<unknown> {
    if (!hasCode(error, "42501")) return error;
    return new MissingRight(await explainWithRights(this.database.sql, error), { cause: error });
  }

  async reject(importId: number, reason: Reason, facts: Facts, mail: MailOwed, finishedAt: Date): Promise<void> {
    const { delimiter, encoding, sha256, bytes } = facts;
    await this.database.sql.begin((tx) =>
      endImport(tx, importId, mail, {
        ...{ status: "rejected", reason: tx.json(reason as never), finished_at: finishedAt },
        ...{ delimiter, encoding, sha256, bytes },
      })
    );
  }

  async holdFile(
    importId: number,
    { held, warnings }: HeldPlan,
    facts: Facts,
    mail: MailOwed,
    finishedAt: Date,
  ): Promise<void> {
    await this.database.sql.begin((tx) => holdFile(tx, importId, { held, warnings, facts, mail, finishedAt }));
  }

  async holdMore(importId: number, held: HeldChanges): Promise<void> {
    await holdMore(this.database.sql, importId, held);
  }

  async postpone(importId: number, reason: Reason): Promise<void> {
    const { sql } = this.database;
    await sql`
      update rosterd.imports set status = 'error', reason = ${sql.json(reason as never)}
      where id = ${importId} and status in ('running', 'error')`;
  }

  find(importId: number): Promise<ImportEntry | null> {
    return findImport(this.database.sql, importId);
  }

  async findClaimed(claimKey: string): Promise<ImportEntry | null> {
    const { sql } = this.database;
    const [row] = await sql`select *, ${settingsColumn(sql)} from rosterd.imports where taken_key = ${claimKey}`;
    return row === undefined ? null : toEntry(row);
  }

  async *failures(importId: number): AsyncGenerator<PastFailure[]> {
    const { sql } = this.database;
    const rows = sql<PastFailure[]>`
      select ${failureColumns(sql)} from rosterd.import_failures as f where import_id = ${importId} order by line`;
    // Small pages keep few objects in memory at a time. With larger pages, the heap would grow.
    yield* pagesOf(rows.cursor(100));
  }

  async unfinished(feed: string, keys: readonly string[]): Promise<{ key: string; entry: ImportEntry }[]> {
    const { sql } = this.database;
    const rows = await sql`
      select *, ${settingsColumn(sql)} from rosterd.imports
      where feed = ${feed} and (taken_key in (select jsonb_array_elements_text(${sql.json([...keys])}))
        or (taken_key is not null and bak_file is null and file_gone_at is null))
      order by id`;
    return rows.map((row) => ({ key: row.taken_key, entry: toEntry(row) }));
  }

  async markKept(importId: number, failedFile: string): Promise<void> {
    await this.database.sql`update rosterd.imports set failed_file = ${failedFile} where id = ${importId}`;
  }

  async markMoved(importId: number, bakFile: string): Promise<void> {
    await this.database.sql`update rosterd.imports set bak_file = ${bakFile} where id = ${importId}`;
  }

  async endWithoutFile(importId: number, reason: Reason, at: Date): Promise<void> {
    const { sql } = this.database;
    const { code, text } = reason;
    await sql`
      update rosterd.imports set
        file_gone_at = ${at},
        finished_at = coalesce(finished_at, ${at}),
        status = case when status = 'running' then 'error' else status end,
        reason = case when status in ('running', 'error') then ${sql.json(reason as never)} else reason end,
        warnings = case when status in ('running', 'error') then warnings
          else warnings || ${sql.json([{ code, text }])} end
      where id = ${importId}`;
  }
}
