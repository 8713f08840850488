/**
 * The staging of one roster: its records on their way into the database, the suspects among their values, and whose records are
 * needed again.
 */
import type { Batch } from "../importer/batch.ts";
import type { FoundProblems } from "../importer/check.ts";
import type { Header } from "../importer/header.ts";
import type { Settings } from "../domain/settings.ts";
import type { Again, StageAgainWriter, StageWriter } from "../importer/ports.ts";
import type { Suspect } from "../importer/suspects.ts";
import type { Tx } from "./connect.ts";
import type { ImportQueries } from "./queries.ts";
import { stagedRows, StraightRows } from "./staged_rows.ts";

/** Above so many records the planner's guesses about tables it has not seen before are not to be trusted. */
const MANY = 2_000;
/** As long as they are a small part of all users, it is right to look them up one by one. */
const SMALL_PART = 0.05;
/** The records of more users are not looked for one by one. */
const MOST_AGAIN = 100_000;

/** Users of whom all records are to be staged again. */
const MAKE_AGAIN = 'create temp table again (unique_id text collate "C" primary key) on commit drop';

const ABOUT_USERS = `
  select exists (select from rosterd.users) as any,
    (select greatest(reltuples, 0)::float8 from pg_class where oid = 'rosterd.users'::regclass) as users`;

export class Staging {
  #straight: StraightRows | null = null;
  #created = 0;
  /** How many users there are, as far as the server knows without counting. */
  #users = 0;
  /** Whether a value may stand in more than one record. */
  #suspects = true;
  /** Good records that were staged. */
  #staged = 0;
  #importId: number | null = null;
  /** Suspects were not told one by one. */
  #suspectsAll = false;

  constructor(
    private readonly tx: Tx,
    private readonly header: Header,
    private readonly queries: ImportQueries,
    private readonly copies: boolean,
  ) {}

  /** How many users were created straight. */
  get created(): number {
    return this.#created;
  }

  /** Whether a value may stand in more than one record. */
  get hasSuspects(): boolean {
    return this.#suspects;
  }

  /** `importId` null: nothing may be created. */
  async begin(settings: Settings, importId: number | null): Promise<StageWriter> {
    this.#importId = importId;
    const [{ any, users }] = await this.tx.unsafe(ABOUT_USERS);
    this.#users = users;
    // Whoever is missing from a roster is looked for among all its records.
    const mayCreate = this.copies && importId !== null && settings.missing_users === "keep";
    if (mayCreate && !any) this.#straight = new StraightRows(this.tx, this.header, importId);
    const rows = this.#straight ?? stagedRows(this.tx, this.header, this.copies);
    const all = () => true;
    return {
      write: async (batch: Batch, problems: FoundProblems, suspected: Uint8Array) => {
        this.#staged += batch.count - problems.size;
        const isSuspected = (_: Batch, record: number) => suspected[record] !== 0;
        await rows.write(batch, problems, this.#straight === null ? all : isSuspected);
      },
      end: async (suspects, repeated) => {
        await rows.end();
        this.#created = this.#straight?.created ?? 0;
        this.#staged -= this.#created;
        await this.#addSuspects(suspects, repeated);
        const again = await this.#findAgain(repeated);
        if (again === null) await this.#tellPlanner();
        return again;
      },
    };
  }

  /** The records of users whom the first writer asked for again. */
  again(): StageAgainWriter {
    const rows = stagedRows(this.tx, this.header, this.copies);
    return {
      write: async (batch, problems, isWanted) => {
        // At the most.
        this.#staged += batch.count;
        await rows.write(batch, problems, isWanted);
      },
      end: async () => {
        await rows.end();
        if (this.#suspectsAll) await this.tx.unsafe(this.queries.suspectAll);
        await this.#tellPlanner();
      },
    };
  }

  /** Takes back what was written of users whose records are needed again, and says who they are; null: nobody. */
  async #findAgain(repeated: ReadonlySet<string>): Promise<Again | null> {
    const isContested = repeated.size > 0 || (this.#created > 0 && this.#suspects);
    if (!isContested) return null;
    if (repeated.size > MOST_AGAIN) return await this.#everybody();
    const { tx, queries } = this;
    await tx.unsafe(`${MAKE_AGAIN}; analyze suspects`);
    const { count } = await tx.unsafe(queries.findAgain, [this.#importId, [...repeated]]);
    if (count === 0) return null;
    if (count > MOST_AGAIN) return await this.#everybody();
    const [{ uncreated }] = await tx.unsafe(queries.dropAgain, [this.#importId]);
    this.#created -= uncreated;
    const again = await tx.unsafe<{ unique_id: string }[]>("select unique_id from again");
    return new Set(again.map(({ unique_id }) => unique_id));
  }

  async #everybody(): Promise<Again> {
    await this.tx.unsafe("truncate staged");
    if (this.#created > 0) await this.tx`delete from rosterd.users where created_by_import = ${this.#importId}`;
    this.#created = 0;
    this.#suspectsAll = true;
    return "everybody";
  }

  async #addSuspects(suspects: readonly Suspect[] | null, repeated: ReadonlySet<string>): Promise<void> {
    if (suspects === null) return void await this.tx.unsafe(this.queries.suspectAll);
    const more = [...repeated].map((key) => ({ what: "unique_id", key }));
    const all = [...suspects, ...more];
    this.#suspects = all.length > 0;
    if (!this.#suspects) return;
    const whats = all.map(({ what }) => what), keys = all.map(({ key }) => key);
    await this.tx`insert into suspects select distinct * from unnest(${whats}::text[], ${keys}::text[])`;
  }

  async #tellPlanner(): Promise<void> {
    await this.tx.unsafe("analyze staged (line, problems, unique_id, active), suspects, taken");
    // A table that looks empty may be filled by the very statement that loops over it.
    if (this.#staged > Math.max(MANY, SMALL_PART * Math.max(this.#users, this.#created))) {
      await this.tx`set local enable_nestloop = off`;
    }
  }
}
