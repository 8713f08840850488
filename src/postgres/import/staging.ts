/** Stages the records and possible duplicates of one roster, and finds the users whose records must be staged again. */
import type { Batch } from "../../importer/csv/batch.ts";
import type { FoundProblems } from "../../importer/checks/check.ts";
import type { Findings } from "../../importer/checks/findings.ts";
import type { Header } from "../../importer/checks/header.ts";
import type { Settings } from "../../domain/settings.ts";
import type { Restaging, Staged, Staging } from "../../importer/ports.ts";
import type { PossibleDuplicate } from "../../importer/digests/duplicate_filter.ts";
import { UserSet } from "../../importer/digests/user_set.ts";
import type { UnchangedCache } from "../../importer/digests/unchanged_cache.ts";
import type { Tx } from "../connection/connect.ts";
import { pagesOf } from "../connection/pages.ts";
import type { ImportQueries } from "./queries.ts";
import { DirectInsertRows, type StagedRows, stagedRows } from "./staged_rows.ts";
import type { UnchangedStore } from "./unchanged_store.ts";

/** The number of records above which PostgreSQL's estimates for new tables are unreliable. */
const MAX_NESTED_RECORDS = 2_000;
/** Below this fraction of all users, nested loops are the best plan in any case. */
const MAX_NESTED_PART = 0.05;
const CREATE_RESTAGED =
  'create temp table if not exists restaged_users (unique_id text collate "C" primary key) on commit drop';

const USERS_ESTIMATE = `
  select exists (select from rosterd.users) as any,
    (select greatest(reltuples, 0)::float8 from pg_class where oid = 'rosterd.users'::regclass) as users`;

export interface StagingContext {
  tx: Tx;
  copies: boolean;
  header: Header;
  feed: string;
  settings: Settings;
  /** The columns that an admin has approved for this file. The change guard ignores these columns. */
  waived: readonly string[];
  /** The defaults as the database stores them. */
  defaults: Settings["defaults"];
  queries: ImportQueries;
}

export interface StagedFacts {
  created: number;
  /** The number of users whose records were not staged because the records are unchanged. */
  skipped: number;
  /** Whether a unique value may occur in more than one record. */
  hasPossibleDuplicates: boolean;
}

export type PlanStaged<Planned> = (staged: StagedFacts, findings: Findings) => Promise<Planned>;

export class PostgresStaging<Planned> implements Staging<Planned> {
  #created = 0;
  #hasPossibleDuplicates = false;
  /** The number of users who have both a skipped record and a staged one. */
  #repeated = 0;
  /** An upper bound on the number of valid records in `staged`. */
  #staged = 0;

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

  async note(duplicates: readonly PossibleDuplicate[], repeated: readonly string[]): Promise<void> {
    await this.rows.endCopy();
    await this.#add(duplicates, repeated);
  }

  async end(
    duplicates: readonly PossibleDuplicate[],
    repeated: readonly string[],
  ): Promise<Staged<Planned> | Restaging<Planned>> {
    await this.rows.end();
    this.#created = this.direct?.created ?? 0;
    this.#staged -= this.#created;
    await this.#add(duplicates, repeated);
    const restaged = await this.#findRestageUsers();
    return restaged === null ? await this.#ended() : this.#restaging(restaged);
  }

  #restaging(users: UserSet): Restaging<Planned> {
    const { tx, header, copies } = this.context, rows = stagedRows(tx, header, copies);
    return {
      users,
      write: async (batch, problems, isWanted) => {
        this.#staged += batch.count;
        await rows.write(batch, problems, isWanted);
      },
      end: async () => {
        await rows.end();
        return await this.#ended();
      },
    };
  }

  async #ended(): Promise<Staged<Planned>> {
    await this.#tunePlanner();
    const skipped = (this.cache?.matcher.skipped ?? 0) - this.#repeated;
    const staged = { created: this.#created, skipped, hasPossibleDuplicates: this.#hasPossibleDuplicates };
    return { users: null, plan: (findings) => this.plan(staged, findings) };
  }

  async #add(duplicates: readonly PossibleDuplicate[], repeated: readonly string[]): Promise<void> {
    const { tx } = this.context;
    const all = [...duplicates, ...repeated.map((key) => ({ what: "unique_id", key }))];
    if (all.length === 0) return;
    this.#hasPossibleDuplicates = true;
    const whats = all.map(({ what }) => what), keys = all.map(({ key }) => key);
    await tx`insert into possible_duplicates select * from unnest(${whats}::text[], ${keys}::text[])`;
    if (repeated.length === 0) return;
    await tx.unsafe(CREATE_RESTAGED);
    const { count } = await tx`
      insert into restaged_users select distinct unnest(${[...repeated]}::text[]) on conflict do nothing`;
    this.#repeated += count;
  }

  /**
   * Finds users whose records must be staged again and removes their records and new rows. Returns null if no users are
   * affected.
   */
  async #findRestageUsers(): Promise<UserSet | null> {
    const { tx, queries } = this.context;
    const mayChange = this.#hasPossibleDuplicates || queries.findOldIds !== null;
    if (this.#repeated === 0 && !(this.#created > 0 && mayChange)) return null;
    await tx.unsafe(`${CREATE_RESTAGED}; analyze possible_duplicates`);
    await tx.unsafe(queries.findRestagedUsers, [this.importId]);
    await tx.unsafe("analyze restaged_users");
    const [{ uncreated }] = await tx.unsafe(queries.dropRestagedUsers, [this.importId]);
    this.#created -= uncreated;
    const [{ count }] = await tx<{ count: number }[]>`select count(*) from restaged_users`;
    return count === 0 ? null : await this.#readRestageUsers(count);
  }

  async #readRestageUsers(count: number): Promise<UserSet> {
    const users = new UserSet(count);
    const rows = this.context.tx<{ unique_id: string }[]>`select * from restaged_users`;
    for await (const page of pagesOf(rows.cursor(1_000))) {
      for (const { unique_id } of page) users.add(unique_id);
    }
    return users;
  }

  async #tunePlanner(): Promise<void> {
    await this.context.tx.unsafe("analyze staged (line, problems, unique_id, active), possible_duplicates, taken");
    // PostgreSQL chooses nested loops for a table that it considers empty, even if the same statement fills the table.
    if (this.#staged > Math.max(MAX_NESTED_RECORDS, MAX_NESTED_PART * Math.max(this.users, this.#created))) {
      await this.context.tx`set local enable_nestloop = off`;
    }
  }
}
