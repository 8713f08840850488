/**
 * The staging of one roster: its records on their way into the database, the suspects among their values, and whose records are
 * needed again.
 */
import type { Batch } from "../../importer/csv/batch.ts";
import type { FoundProblems } from "../../importer/checks/check.ts";
import type { Header } from "../../importer/checks/header.ts";
import type { Settings } from "../../domain/settings.ts";
import type { RestageUsers, Restaging, Staged, Staging } from "../../importer/ports.ts";
import type { PossibleDuplicate } from "../../importer/digests/duplicate_filter.ts";
import type { UnchangedCache } from "../../importer/digests/unchanged_cache.ts";
import type { Tx } from "../connection/connect.ts";
import type { ImportQueries } from "./queries.ts";
import { DirectInsertRows, type StagedRows, stagedRows } from "./staged_rows.ts";

/** Above so many records the planner's guesses about tables it has not seen before are not to be trusted. */
const MANY = 2_000;
/** As long as they are a small part of all users, it is right to look them up one by one. */
const SMALL_PART = 0.05;
/** The records of more users are not looked for one by one. */
const MAX_RESTAGED_USERS = 100_000;

/** Users of whom all records are to be staged again. */
const MAKE_AGAIN = 'create temp table again (unique_id text collate "C" primary key) on commit drop';

const ABOUT_USERS = `
  select exists (select from rosterd.users) as any,
    (select greatest(reltuples, 0)::float8 from pg_class where oid = 'rosterd.users'::regclass) as users`;

/** What staging works with. */
export interface StagingContext {
  tx: Tx;
  /** The database takes COPY. */
  copies: boolean;
  header: Header;
  settings: Settings;
  queries: ImportQueries;
}

/** What staging came to, beside its tables. */
export interface StagedFacts {
  /** How many users were created straight. */
  created: number;
  /** Whether a value may stand in more than one record. */
  hasSuspects: boolean;
}

export class PostgresStaging<Planned> implements Staging<Planned> {
  #created = 0;
  /** Whether a value may stand in more than one record. */
  #hasPossibleDuplicates = true;
  /** Good records that were staged. */
  #staged = 0;
  /** Suspects were not told one by one. */
  #restagesAll = false;

  private constructor(
    private readonly context: StagingContext,
    private readonly importId: number | null,
    readonly cache: UnchangedCache | null,
    private readonly plan: (staged: StagedFacts) => Promise<Planned>,
    /** How many users there are, as far as the server knows without counting. */
    private readonly users: number,
    private readonly straight: DirectInsertRows | null,
    private readonly rows: StagedRows,
  ) {}

  /** `importId` null: nothing may be created. */
  static async begin<Planned>(
    context: StagingContext,
    importId: number | null,
    cache: UnchangedCache | null,
    plan: (staged: StagedFacts) => Promise<Planned>,
  ): Promise<PostgresStaging<Planned>> {
    const { tx, copies, header, settings } = context;
    const [{ any, users }] = await tx.unsafe(ABOUT_USERS);
    // Whoever is missing from a roster is looked for among all its records.
    const mayCreate = copies && importId !== null && settings.missing_users === "keep";
    const straight = mayCreate && !any ? new DirectInsertRows(tx, header, importId) : null;
    const rows = straight ?? stagedRows(tx, header, copies);
    return new PostgresStaging(context, importId, cache, plan, users, straight, rows);
  }

  async write(batch: Batch, problems: FoundProblems, suspected: Uint8Array): Promise<void> {
    this.#staged += batch.count - problems.size;
    const isSuspected = (_: Batch, record: number) => suspected[record] !== 0;
    await this.rows.write(batch, problems, this.straight === null ? () => true : isSuspected);
  }

  async end(
    suspects: readonly PossibleDuplicate[] | null,
    repeated: ReadonlySet<string>,
  ): Promise<Staged<Planned> | Restaging<Planned>> {
    await this.rows.end();
    this.#created = this.straight?.created ?? 0;
    this.#staged -= this.#created;
    await this.#addPossibleDuplicates(suspects, repeated);
    const again = await this.#findRestageUsers(repeated);
    return again === null ? await this.#ended() : this.#restaging(again);
  }

  #restaging(again: RestageUsers): Restaging<Planned> {
    const { tx, header, copies, queries } = this.context, rows = stagedRows(tx, header, copies);
    return {
      again,
      write: async (batch, problems, isWanted) => {
        // At the most.
        this.#staged += batch.count;
        await rows.write(batch, problems, isWanted);
      },
      end: async () => {
        await rows.end();
        if (this.#restagesAll) await tx.unsafe(queries.suspectAll);
        return await this.#ended();
      },
    };
  }

  async #ended(): Promise<Staged<Planned>> {
    await this.#tellPlanner();
    const plan = () => this.plan({ created: this.#created, hasSuspects: this.#hasPossibleDuplicates });
    return { again: null, plan };
  }

  /** Takes back what was written of users whose records are needed again, and says who they are; null: nobody. */
  async #findRestageUsers(repeated: ReadonlySet<string>): Promise<RestageUsers | null> {
    const isContested = repeated.size > 0 || (this.#created > 0 && this.#hasPossibleDuplicates);
    if (!isContested) return null;
    if (repeated.size > MAX_RESTAGED_USERS) return await this.#restageAll();
    const { tx, queries } = this.context;
    await tx.unsafe(`${MAKE_AGAIN}; analyze suspects`);
    const { count } = await tx.unsafe(queries.findAgain, [this.importId, [...repeated]]);
    if (count === 0) return null;
    if (count > MAX_RESTAGED_USERS) return await this.#restageAll();
    const [{ uncreated }] = await tx.unsafe(queries.dropAgain, [this.importId]);
    this.#created -= uncreated;
    const again = await tx.unsafe<{ unique_id: string }[]>("select unique_id from again");
    return new Set(again.map(({ unique_id }) => unique_id));
  }

  async #restageAll(): Promise<RestageUsers> {
    await this.context.tx.unsafe("truncate staged");
    if (this.#created > 0) await this.context.tx`delete from rosterd.users where created_by_import = ${this.importId}`;
    this.#created = 0;
    this.#restagesAll = true;
    return "everybody";
  }

  async #addPossibleDuplicates(
    suspects: readonly PossibleDuplicate[] | null,
    repeated: ReadonlySet<string>,
  ): Promise<void> {
    if (suspects === null) return void await this.context.tx.unsafe(this.context.queries.suspectAll);
    const more = [...repeated].map((key) => ({ what: "unique_id", key }));
    const all = [...suspects, ...more];
    this.#hasPossibleDuplicates = all.length > 0;
    if (!this.#hasPossibleDuplicates) return;
    const whats = all.map(({ what }) => what), keys = all.map(({ key }) => key);
    await this.context.tx`insert into suspects select distinct * from unnest(${whats}::text[], ${keys}::text[])`;
  }

  async #tellPlanner(): Promise<void> {
    await this.context.tx.unsafe("analyze staged (line, problems, unique_id, active), suspects, taken");
    // A table that looks empty may be filled by the very statement that loops over it.
    if (this.#staged > Math.max(MANY, SMALL_PART * Math.max(this.users, this.#created))) {
      await this.context.tx`set local enable_nestloop = off`;
    }
  }
}
