/** For every combination of user, record, settings and guard, the database follows `rules_table.ts`. */
import assert from "node:assert/strict";
import type { Settings } from "../../../src/domain/settings.ts";
import { OUTCOMES } from "../../../src/domain/outcome.ts";
import { approveHold, discardHold } from "../../../src/postgres/history/holds.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { type OneConnection, oneConnection, removeAll } from "../one_connection.ts";
import { countsOf, csvOf, type ImportReport, onEachDatabase, type RosterDatabase } from "../roster_database.ts";
import { type Case, casesOf, CIRCUMSTANCES, type Circumstances, expected, type State, unused } from "./rules_table.ts";

const signal = new AbortController().signal;

const GUARDS: Record<Circumstances["guard"], Settings["archive_guard"]> = {
  off: { max_percent: 100, min_users: 0 },
  few: { max_percent: 0, min_users: 1_000 },
  "small share": { max_percent: 99, min_users: 0 },
  exceeded: { max_percent: 0, min_users: 0 },
};

onEachDatabase(
  "import, approve, discard and undo follow the tables of rules for every user",
  async (db) => {
    // The embedded database is much slower, so it is tested with fewer combinations and only one decision.
    const whole = db.url !== null;
    const all = whole
      ? CIRCUMSTANCES
      : CIRCUMSTANCES.filter(({ missing, guard, hold }) =>
        missing === "archive" && hold === "none" && (guard === "exceeded" || guard === "few")
      );
    await using one = oneConnection(db);
    let combinations = 0;
    for (const circumstances of all) {
      const decisions = whole && circumstances.guard === "exceeded" && circumstances.hold === "none"
        ? ["approve", "discard"] as const
        : ["approve"] as const;
      for (const decision of decisions) {
        const run = new Run(db, one, circumstances, decision);
        await run.all().catch((error) => {
          throw new Error(`${decision}, ${JSON.stringify(circumstances)}: ${error.message}`, { cause: error });
        });
        combinations += run.cases.length;
      }
    }
    console.log(`rules: ${combinations} combinations of user, record and settings hold, each with its undo`);
    if (whole) assert.deepEqual(unused(), [], "every row of the tables was looked up");
  },
);

interface Trace {
  state: State;
  city: string | null;
  xmin: string;
  archived_at: Date | null;
  updated_at: Date;
  permits: string[];
}

type Traces = Record<string, Trace | undefined>;

/** One import of a roster with every kind of user, and the decision and the undo that follow. */
class Run {
  readonly cases: Case[];
  readonly #settings: Partial<Settings>;

  constructor(
    private readonly db: RosterDatabase,
    private readonly one: OneConnection,
    private readonly circumstances: Circumstances,
    private readonly decision: "approve" | "discard",
  ) {
    this.cases = casesOf(circumstances);
    this.#settings = {
      archive_inactive_users: circumstances.inactive === "on",
      missing_users: circumstances.missing,
      archive_guard: GUARDS[circumstances.guard],
    };
  }

  async all(): Promise<void> {
    await this.#begin();
    const before = await tracesOf(this.db);
    const way = { settings: this.#settings, store: this.one.store };
    const foreseen = await this.db.check(this.#roster(), way);
    assert.deepEqual(await tracesOf(this.db), before, "check changes nothing");
    const report = await this.db.import(this.#roster(), way);

    this.#checkReport(report);
    assert.deepEqual(countsOf(foreseen), countsOf({ ...report, id: null }), "check predicts the counts");
    this.#checkForeseen(foreseen.changes);
    await this.#checkUsers(before, "import", report.id!);
    await this.#decide(report);
    await this.#checkUsers(before, this.decision, report.id!);
    await this.#undo(before, report.id!);
    await this.#checkUsers(before, "undo", report.id!);
  }

  /** Adds users, permits of all kinds (even some without a known user), and optionally an open hold. */
  async #begin(): Promise<void> {
    const { db, cases } = this;
    await removeAll(db);
    const known = cases.filter(({ before }) => before !== "unknown");
    await db.addUsers(
      { unique_id: "earlier", login_source: "other", feeds: {} },
      ...known.map(({ id, before, record }) => ({
        unique_id: id,
        login_source: "ldap",
        feeds: feedsOf({ before, record }),
        city: "Ottawa",
        state: before,
      })),
    );
    const owners = cases.filter(({ permits }) => permits === "own").map(({ id }) => id);
    await db.sql`
      insert into rosterd.permits (unique_id, permit_no, status, released_at)
      select unique_id, unique_id || permit_no, status, case when status = 'released' then timestamptz '2025-05-05Z' end
      from unnest(${owners}::text[]) as unique_id, (values (' 1', 'active'), (' 2', 'active'), (' 3', 'expired'),
        (' 4', 'void'), (' 5', 'lost'), (' 6', 'released')) as permits (permit_no, status)
      union all select 'stranger', 'S1', 'active', null union all select null, 'N1', 'active', null`;
    if (this.circumstances.hold === "none") return;
    const settings = { archive_inactive_users: true, archive_guard: GUARDS.exceeded };
    const way = { ...this.one, feed: "earlier", settings };
    const earlier = await db.import("unique_id,login_source,active\nearlier,other,0\n", way);
    assert.deepEqual(countsOf(earlier), { records: 1, held: 1 });
  }

  #roster(): string {
    const { cases, circumstances } = this;
    return csvOf(
      cases.filter(({ record }) => record !== "absent" && record !== "elsewhere").map((
        { id, record, active, value },
      ) => ({
        unique_id: id,
        login_source: "ldap",
        city: value === "same" ? "Ottawa" : "Hull",
        province: record === "failed" ? "Ontario" : "",
        ...(circumstances.column === "with" ? { active } : {}),
      } as Record<string, string>)),
    );
  }

  #checkReport(report: ImportReport): void {
    const counts: Record<string, number> = {};
    const add = (name: string, by: number) => by > 0 && (counts[name] = (counts[name] ?? 0) + by);
    for (const one of this.cases) {
      const { outcome, released } = expected(one, this.circumstances);
      if (outcome !== null) add(outcome, 1);
      if (outcome !== null && !outcome.startsWith("missing")) add("records", 1);
      add("permits_released", released && one.permits === "own" ? 2 : 0);
    }
    assert.deepEqual(countsOf(report), counts);
    assert.equal(OUTCOMES.reduce((sum, outcome) => sum + report[outcome], 0), report.records);
    assert.equal(report.status, counts.held || counts.missing_held ? "held" : "failed_records");
  }

  #checkForeseen(changes: { unique_id: string; outcome: string }[]): void {
    const would = this.cases.flatMap((one) => {
      const outcome = expected(one, this.circumstances).outcome?.replace("missing_", "") ?? "unchanged";
      return outcome === "unchanged" || outcome === "failed" ? [] : [`${one.id} ${outcome}`];
    });
    assert.deepEqual(changes.map(({ unique_id, outcome }) => `${unique_id} ${outcome}`).sort(), would.sort());
  }

  async #decide({ id, held, missing_held }: ImportReport): Promise<void> {
    const act = this.decision === "approve" ? approveHold : discardHold;
    const deciding = act(this.one.database, id!, signal, "admin");
    if (held + missing_held === 0) return void await assert.rejects(deciding, { code: "nothing_held" });
    const nobody = { left_out: [], left_out_total: 0 };
    if (this.decision === "discard") {
      return assert.deepEqual(await deciding, { discarded: held + missing_held, ...nobody });
    }
    const losing = this.cases.map((one) => ({ ...one, ...expected(one, this.circumstances) }))
      .filter(({ after, approved }) => after !== approved.after);
    const permits = losing.filter(({ approved, permits }) => approved.released && permits === "own").length * 2;
    assert.deepEqual(await deciding, {
      archived: losing.filter(({ approved }) => approved.after === "archived").length,
      disabled: losing.filter(({ approved }) => approved.after === "disabled").length,
      permits_released: permits,
      ...nobody,
    });
  }

  async #undo(before: Traces, id: number): Promise<void> {
    const now = await tracesOf(this.db);
    const changed = Object.keys(before).filter((id) => now[id]!.xmin !== before[id]!.xmin);
    const isBack = (permit: string) => permit.endsWith(` by ${id}`);
    const created = this.cases.filter((one) => one.before === "unknown" && now[one.id] !== undefined);
    assert.deepEqual(await undoImport(this.one.database, id, signal, "admin"), {
      restored: changed.length,
      archived: created.filter((one) => now[one.id]!.state !== "archived").length,
      permits_restored: changed.flatMap((id) => now[id]!.permits).filter(isBack).length,
      permits_released: created.flatMap((one) =>
        now[one.id]!.permits
      ).filter((permit) => permit.includes("active")).length,
      left_out: [],
      left_out_total: 0,
    });
  }

  async #checkUsers(before: Traces, when: "import" | "approve" | "discard" | "undo", importId: number): Promise<void> {
    const now = await tracesOf(this.db);
    for (const one of this.cases) {
      const { id } = one;
      const { outcome, undone, approved, ...imported } = expected(one, this.circumstances);
      const { after, released } = when === "undo" ? undone : when === "approve" ? approved : imported;
      const was = before[id], is = now[id];
      assert.equal(is?.state ?? "unknown", after, `${when}: ${id}`);
      if (is === undefined) continue;
      const keeps = when === "undo" ? one.before !== "unknown" : outcome === "failed" || one.record === "absent";
      assert.equal(is.city, keeps || one.value === "same" ? "Ottawa" : "Hull", `${when}: ${id}: other value`);
      if (one.before === after) assert.deepEqual(is.archived_at, was!.archived_at, `${when}: ${id}: archived_at`);
      const untouched = outcome === null || outcome === "unchanged" || outcome === "failed" ||
        (outcome === "held" && one.value === "same" || outcome === "missing_held") && when !== "undo" &&
          after === one.before;
      if (untouched) assert.deepEqual(is, was, `${when}: ${id}: the row is not written`);
      else if (when !== "undo") {
        assert.notDeepEqual(is.updated_at, was?.updated_at, `${when}: ${id}: updated_at increases`);
      }
      const by = when === "undo" && one.before === "unknown" && imported.released ? null : importId;
      const own = one.permits === "own" ? PERMITS[released ? "released" : "stay"](by) : [];
      assert.deepEqual(is.permits, own, `${when}: ${id}: permits`);
    }
    assert.deepEqual(now["earlier"], before["earlier"]);
    const others = await this.db.sql`
      select concat_ws(' ', permit_no, status) as permit from rosterd.permits
      where unique_id is null or unique_id = 'stranger' order by 1`;
    assert.deepEqual(others.map(({ permit }) => permit), ["N1 active", "S1 active"]);
  }
}

/**
 * What the feeds said earlier, so that an unchanged record does not write a row. `rules_feeds_test.ts` covers the other
 * cases.
 */
function feedsOf({ before, record }: Pick<Case, "before" | "record">): Record<string, boolean> {
  if (record === "elsewhere") return { staff: true };
  return record === "absent" && before === "archived" ? {} : { "": record !== "0" };
}

const PERMITS = {
  stay: () => ["1 active", "2 active", "3 expired", "4 void", "5 lost", "6 released 2025"],
  released: (by: number | null) => {
    const now = `released ${new Date().getUTCFullYear()}${by === null ? "" : ` by ${by}`}`;
    return [`1 ${now}`, `2 ${now}`, ...PERMITS.stay().slice(2)];
  },
};

/** Returns the users, with marks that show whether each row was written. */
async function tracesOf(db: RosterDatabase): Promise<Traces> {
  const rows = await db.sql<(Trace & { unique_id: string })[]>`
    select u.unique_id, city, u.xmin::text, updated_at, archived_at,
      case when archived_at is not null then 'archived' when active then 'active' else 'disabled' end as state,
      array(
        select concat_ws(' ', right(permit_no, 1), status, extract(year from released_at), 'by ' || released_by_import)
        from rosterd.permits as p where p.unique_id = u.unique_id order by permit_no
      ) as permits
    from rosterd.users as u order by 1`;
  return Object.fromEntries(rows.map(({ unique_id, ...trace }) => [unique_id, trace]));
}
