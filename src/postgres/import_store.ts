/**
 * The history of imports as an import writes it (port `ImportStore`), in `rosterd.imports`. Its `status` alone says whether a
 * file was applied, and it changes in the transaction that applies it.
 */
import type { ImportStatus, Reason } from "../domain/outcome.ts";
import { maskSettings, type Settings } from "../domain/settings.ts";
import type {
  BegunImport,
  Facts,
  Failure,
  ImportEntry,
  ImportStore,
  ImportTransaction,
  MailOwed,
  Waiting,
} from "../importer/ports.ts";
import { pause } from "../runtime/pause.ts";
import type { Database, Tx } from "./connect.ts";
import { findImport } from "./history.ts";
import { PostgresImportTransaction } from "./import_transaction.ts";
import { migrateWithin } from "./migrate.ts";
import { enqueue, newMessageId } from "./outbox_store.ts";

/** One import at a time per database (contract, section 1, "order"). Any number, as long as nobody else locks the same. */
const IMPORT_LOCK = 7_246_002;
/** Shared by all imports that run or wait to run, so that none is taken for one whose process ended. */
const ALIVE_LOCK = 7_246_004;

/** Of the settings of a transaction: enough memory to join a million users without going to disk. */
const TRANSACTION_SETTINGS = [
  "set local work_mem = '128MB'",
  "set local hash_mem_multiplier = 5",
  "set local jit = off",
  "set local datestyle = 'ISO, YMD'",
  "set local synchronous_commit = on",
  "set local lock_timeout = '30s'",
  "set local statement_timeout = 0",
  "set local idle_in_transaction_session_timeout = 0",
];

/** For a rehearsal, which no lock keeps apart from imports: it sees nothing of one that ends meanwhile. */
const SNAPSHOT = "repeatable read";

/** Leaves a rehearsal with its result, so that nothing of it is committed. */
class Rehearsed<T> {
  constructor(readonly result: T) {}
}

const ASK_AGAIN_MS = 250;

/** Waits until no other import runs. A polite question, again and again: a lock that waits could not be called off. */
async function becomeOnlyImport(tx: Tx, { signal, onWait }: Waiting): Promise<void> {
  await tx`select pg_advisory_xact_lock_shared(${ALIVE_LOCK})`;
  for (let asked = 0;; asked++) {
    const [{ free }] = await tx<{ free: boolean }[]>`select pg_try_advisory_xact_lock(${IMPORT_LOCK}) as free`;
    if (free) break;
    if (asked === 0) onWait?.();
    await pause(ASK_AGAIN_MS, signal);
  }
  // Imports of the command line that still say running, although nobody runs or waits, were killed. The latest may be
  // about to wait.
  await tx`
    update rosterd.imports set status = 'error', finished_at = now(),
      reason = '{"code": "interrupted", "text": "the process that imported it ended", "line": null}'
    where status = 'running' and taken_key is null and id < (select max(id) from rosterd.imports)
      and not exists (
        select from pg_locks as other
        where other.locktype = 'advisory' and other.objid = ${ALIVE_LOCK} and other.pid <> pg_backend_pid()
          and other.database = (select oid from pg_database where datname = current_database())
      )`;
}

export class PostgresImportStore implements ImportStore {
  /** `onBegun` is called when an import stands in the history, before its transaction may keep the database to itself. */
  constructor(private readonly database: Database, private readonly onBegun: () => Promise<void> = async () => {}) {}

  async begin(
    { file, takenKey, settings, startedAt, bytes }: {
      file: string;
      takenKey: string | null;
      settings: Settings;
      startedAt: Date;
      bytes: number;
    },
  ): Promise<BegunImport> {
    const { sql } = this.database;
    const kept = sql.json(maskSettings(settings) as never);
    const [row] = await sql<{ id: number; status: ImportStatus; started_at: Date; failed: number }[]>`
      insert into rosterd.imports as known (file, taken_key, settings, started_at, bytes)
      values (${file}, ${takenKey}, ${kept}, ${startedAt}, ${bytes})
      on conflict (taken_key) do update set
        status = case when known.status = 'error' then 'running' else known.status end,
        started_at = case when known.status in ('error', 'running') then excluded.started_at else known.started_at end,
        settings = case when known.status in ('error', 'running') then excluded.settings else known.settings end,
        bytes = case when known.status in ('error', 'running') then excluded.bytes else known.bytes end
      returning id, status, started_at, failed`;
    await this.onBegun();
    return { id: row.id, status: row.status, startedAt: row.started_at, failed: row.failed };
  }

  async transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: Waiting): Promise<T> {
    return await this.#within(async (tx) => {
      await becomeOnlyImport(tx, waiting);
      return await work(new PostgresImportTransaction(tx, this.database.kind === "server"));
    });
  }

  async rehearsal<T>(work: (transaction: ImportTransaction) => Promise<T>): Promise<T> {
    try {
      return await this.#within(async (tx) => {
        await migrateWithin(tx);
        throw new Rehearsed(await work(new PostgresImportTransaction(tx, this.database.kind === "server")));
      }, SNAPSHOT);
    } catch (outcome) {
      if (outcome instanceof Rehearsed) return outcome.result as T;
      throw outcome;
    }
  }

  async reject(importId: number, reason: Reason, facts: Facts, mail: MailOwed, finishedAt: Date): Promise<void> {
    await this.database.sql.begin(async (tx) => {
      const { delimiter, encoding, sha256, bytes } = facts;
      await tx`
        update rosterd.imports
        set status = 'rejected', reason = ${tx.json(reason as never)}, mail = ${mail.state}, delimiter = ${delimiter},
          encoding = ${encoding}, sha256 = ${sha256}, bytes = ${bytes}, finished_at = ${finishedAt}
        where id = ${importId}`;
      if (mail.state !== "waiting") return;
      await enqueue(tx, { kind: mail.kind, importId, messageId: newMessageId(mail.sender) });
    });
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

  async *failures(importId: number): AsyncGenerator<Failure[]> {
    const rows = this.database.sql<Failure[]>`
      select line, unique_id, problems from rosterd.import_failures where import_id = ${importId} order by line`;
    // Few at once: what is alive when the collector of young objects comes by makes it ask for more room.
    for await (const page of rows.cursor(100)) {
      yield page;
      // In the driver each page hangs on the one before: until that is collected, none behind it is.
      page.length = 0;
    }
  }

  async markMoved(importId: number, bakFile: string, failedFile: string | null): Promise<void> {
    await this.database.sql`
      update rosterd.imports set bak_file = ${bakFile}, failed_file = ${failedFile} where id = ${importId}`;
  }

  /** The whole is thrown away with its connection when anything goes wrong. */
  #within<T>(work: (tx: Tx) => Promise<T>, isolation = "read committed"): Promise<T> {
    return this.database.transaction(async (tx) => {
      await tx.unsafe([`set transaction isolation level ${isolation}`, ...TRANSACTION_SETTINGS].join(";"));
      return await work(tx);
    });
  }
}
