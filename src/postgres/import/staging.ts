/** Stages the records of one roster and its possible duplicates, and decides whose records must be staged again. */
import type { Batch } from "../../importer/csv/batch.ts";
import type { FoundProblems } from "../../importer/checks/check.ts";
import type { Findings } from "../../importer/checks/findings.ts";
import type { Header } from "../../importer/checks/header.ts";
import type { Settings } from "../../domain/settings.ts";
import type { RestageUsers, Restaging, Staged, Staging } from "../../importer/ports.ts";
import type { PossibleDuplicate } from "../../importer/digests/duplicate_filter.ts";
import type { UnchangedCache } from "../../importer/digests/unchanged_cache.ts";
import type { Tx } from "../connection/connect.ts";
import type { ImportQueries } from "./queries.ts";
import { DirectInsertRows, type StagedRows, stagedRows } from "./staged_rows.ts";
import type { UnchangedStore } from "./unchanged_store.ts";

/** Above this number of records, PostgreSQL's estimates for new tables are unreliable. */
const MAX_NESTED_RECORDS = 2_000;
/** Below this fraction of all users, nested loops are the best choice anyway. */
const MAX_NESTED_PART = 0.05;
/** If more users need restaging, all records are staged again. */
const MAX_RESTAGED_USERS = 100_000;

const CREATE_RESTAGED = 'create temp table restaged_users (unique_id text collate "C" primary key) on commit drop';

const USERS_ESTIMATE = `
  select exists (select from rosterd.users) as any,
    (select greatest(reltuples, 0)::float8 from pg_class where oid = 'rosterd.users'::regclass) as users`;

export interface StagingContext {
  tx: Tx;
  copies: boolean;
  header: Header;
  feed: string;
  settings: Settings;
  /** The defaults as the database stores them. */
  defaults: Settings["defaults"];
  queries: ImportQueries;
}

export interface StagedFacts {
  created: number;
  /** Whether a unique value may occur in more than one record. */
  hasPossibleDuplicates: boolean;
}

export type PlanStaged<Planned> = (staged: StagedFacts, findings: Findings) => Promise<Planned>;

export class PostgresStaging<Planned> implements Staging<Planned> {
  #created = 0;
  #hasPossibleDuplicates = true;
  /** An upper bound on the number of valid records staged. */
  #staged = 0;
  #restagesAll = false;

  private constructor(
    private readonly context: StagingContext,
    private readonly importId: number | null,
    private readonly unchanged: UnchangedStore | null,
    private readonly plan: PlanStaged<Planned>,
    /** The server's estimate of the number of users. */
    private readonly users: number,
    private readonly direct: DirectInsertRows | null,
    private readonly rows: StagedRows,
  ) {}

  /** `importId` is null for a dry run, which creates no users. */
  static async begin<Planned>(
    context: StagingContext,
    importId: number | null,
    unchanged: UnchangedStore | null,
    plan: PlanStaged<Planned>,
  ): Promise<PostgresStaging<Planned>> {
    const { tx, copies, header, feed, defaults } = context;
    const [{ any, users }] = await tx.unsafe(USERS_ESTIMATE);
    const direct = copies && importId !== null && !any
      ? new DirectInsertRows(tx, feed, header, defaults, importId)
      : null;
    const rows = direct ?? stagedRows(tx, header, copies);
    return new PostgresStaging(context, importId, unchanged, plan, users, direct, rows);
  }

  get cache(): UnchangedCache | null {
    return this.unchanged?.cache ?? null;
  }

  async write(batch: Batch, problems: FoundProblems, mayRepeat: Uint8Array): Promise<void> {
    this.#staged += batch.count - problems.size;
    const isPossibleDuplicate = (_: Batch, record: number) => mayRepeat[record] !== 0;
    await this.rows.write(batch, problems, this.direct === null ? () => true : isPossibleDuplicate);
    if (!this.unchanged?.isLarge) return;
    await this.rows.endCopy();
    await this.unchanged.append();
  }

  async end(
    duplicates: readonly PossibleDuplicate[] | null,
    repeated: ReadonlySet<string>,
  ): Promise<Staged<Planned> | Restaging<Planned>> {
    await this.rows.end();
    this.#created = this.direct?.created ?? 0;
    this.#staged -= this.#created;
    await this.#addPossibleDuplicates(duplicates, repeated);
    const restaged = await this.#findRestageUsers(repeated);
    return restaged === null ? await this.#ended() : this.#restaging(restaged);
  }

  #restaging(users: RestageUsers): Restaging<Planned> {
    const { tx, header, copies, queries } = this.context, rows = stagedRows(tx, header, copies);
    return {
      users,
      write: async (batch, problems, isWanted) => {
        this.#staged += batch.count;
        await rows.write(batch, problems, isWanted);
      },
      end: async () => {
        await rows.end();
        if (this.#restagesAll) await tx.unsafe(queries.listAllValues);
        return await this.#ended();
      },
    };
  }

  async #ended(): Promise<Staged<Planned>> {
    await this.#tunePlanner();
    const staged = { created: this.#created, hasPossibleDuplicates: this.#hasPossibleDuplicates };
    return { users: null, plan: (findings) => this.plan(staged, findings) };
  }

  /** Finds users whose records must be staged again, and removes their records and new rows. Null if there are none. */
  async #findRestageUsers(repeated: ReadonlySet<string>): Promise<RestageUsers | null> {
    const isContested = repeated.size > 0 || (this.#created > 0 && this.#hasPossibleDuplicates);
    if (!isContested) return null;
    if (repeated.size > MAX_RESTAGED_USERS) return await this.#restageAll();
    const { tx, queries } = this.context;
    await tx.unsafe(`${CREATE_RESTAGED}; analyze possible_duplicates`);
    const { count } = await tx.unsafe(queries.findRestagedUsers, [this.importId, [...repeated]]);
    if (count === 0) return null;
    if (count > MAX_RESTAGED_USERS) return await this.#restageAll();
    const [{ uncreated }] = await tx.unsafe(queries.dropRestagedUsers, [this.importId]);
    this.#created -= uncreated;
    const restaged = await tx.unsafe<{ unique_id: string }[]>("select unique_id from restaged_users");
    return new Set(restaged.map(({ unique_id }) => unique_id));
  }

  async #restageAll(): Promise<RestageUsers> {
    await this.context.tx.unsafe("truncate staged");
    if (this.#created > 0) await this.context.tx`delete from rosterd.users where created_by_import = ${this.importId}`;
    this.#created = 0;
    this.#restagesAll = true;
    return "all";
  }

  async #addPossibleDuplicates(
    duplicates: readonly PossibleDuplicate[] | null,
    repeated: ReadonlySet<string>,
  ): Promise<void> {
    if (duplicates === null) return void await this.context.tx.unsafe(this.context.queries.listAllValues);
    const more = [...repeated].map((key) => ({ what: "unique_id", key }));
    const all = [...duplicates, ...more];
    this.#hasPossibleDuplicates = all.length > 0;
    if (!this.#hasPossibleDuplicates) return;
    const whats = all.map(({ what }) => what), keys = all.map(({ key }) => key);
    await this.context
      .tx`insert into possible_duplicates select distinct * from unnest(${whats}::text[], ${keys}::text[])`;
  }

  async #tunePlanner(): Promise<void> {
    await this.context.tx.unsafe("analyze staged (line, problems, unique_id, active), possible_duplicates, taken");
    // PostgreSQL plans nested loops if it takes a table to be empty, although the same statement may fill it.
    if (this.#staged > Math.max(MAX_NESTED_RECORDS, MAX_NESTED_PART * Math.max(this.users, this.#created))) {
      await this.context.tx`set local enable_nestloop = off`;
    }
  }
}
