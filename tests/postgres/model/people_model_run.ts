/** Runs each step of a sequence in the model and in Postgres and requires equal results. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CannotDecide, type Hold } from "../../../src/domain/decision.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../../src/domain/settings.ts";
import { approveHeldFile } from "../../../src/importer/approve_held.ts";
import { eraseUser } from "../../../src/postgres/history/erasure.ts";
import { approveHold, discardHold } from "../../../src/postgres/history/holds.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { fileOf } from "../../support/memory_file.ts";
import { type OneConnection, oneConnection, removeAll } from "../one_connection.ts";
import { type Import, importRoster, type Roster, type Rules, sorted, type World } from "./people_model.ts";
import { approve, approveFile, discard, erase, undo } from "./people_model_decide.ts";
import { type Feeds, sequences, type Start, type Step } from "./people_model_steps.ts";
import { countsOf, csvOf, type RosterDatabase } from "../roster_database.ts";

const signal = new AbortController().signal;

/** The number of times each result occurred, to show that a run covers them all. */
export type Seen = Map<string, number>;

/** Runs random sequences of steps. */
export async function runSequences(
  db: RosterDatabase,
  numRuns: number,
  longest: number,
  limit?: number,
): Promise<Seen> {
  await using one = oneConnection(db);
  const seen: Seen = new Map();
  const property = fc.asyncProperty(sequences(longest), async ([start, steps]) => {
    note(seen, "sequences");
    const run = new Run(db, one, seen, start.feeds);
    await run.begin(start);
    for (const step of steps) await run.take(step);
  });
  const seed = Date.now() % 2 ** 31;
  console.log(`people: seed ${seed}`);
  await fc.assert(property, { seed, numRuns, interruptAfterTimeLimit: limit, endOnFailure: numRuns > 100 });
  return seen;
}

/** The number of blank lines that make a roster large enough for the unchanged-record cache. */
const LONG_BYTES = 4_096;

function note(seen: Seen, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1);
}

type Sql = RosterDatabase["sql"];

class Run {
  readonly #world: World = { people: new Map(), permits: [], imports: [], now: 0, moments: 0 };
  readonly #sql: Sql;
  /** The held files, by import. */
  readonly #texts = new Map<number, string>();
  #feeds: Feeds;

  constructor(
    private readonly db: RosterDatabase,
    private readonly one: OneConnection,
    private readonly seen: Seen,
    feeds: Feeds,
  ) {
    this.#sql = one.database.sql;
    this.#feeds = feeds;
  }

  async begin({ people, permits }: Start): Promise<void> {
    await removeAll({ sql: this.#sql });
    const world = this.#world;
    for (const [id, person] of people) {
      const archivedAt = person.state === "archived" ? 0 : null;
      world.people.set(id, { ...person, archivedAt, since: null, createdBy: null, words: new Map(person.words) });
    }
    const rows = people.map(([unique_id, { words, ...person }]) => ({
      unique_id,
      ...person,
      feeds: Object.fromEntries(words),
    }));
    if (rows.length > 0) await this.db.addUsers(...rows);
    for (const [owner, no] of permits) await this.#sell(owner, no);
  }

  async take(step: Step): Promise<void> {
    note(this.seen, step.do);
    switch (step.do) {
      case "import":
        await this.#import(step);
        break;
      case "settings":
        this.#feeds = step.feeds;
        break;
      case "approve":
      case "discard":
      case "undo":
        await this.#decide(step);
        break;
      case "erase":
        await this.#erase(step.id);
        break;
      default:
        await this.#other(step);
    }
    await this.#compare();
  }

  async #import({ feed, roster, check, long }: Step & { do: "import" }): Promise<void> {
    const [name, rules] = this.#feeds.find(([name]) => name === feed) ?? this.#feeds.at(-1)!;
    const all = this.#feeds.map(([name]) => name);
    const way = { feed: name, settings: this.#settings(rules), store: this.one.store };
    const text = textOf(roster) + "\n".repeat(long ? LONG_BYTES : 0);
    const foreseen = check ? await this.db.check(text, way) : null;
    const report = await this.db.import(text, way);
    const { counts, warnings, spoiled } = importRoster(this.#world, report.id!, { name, all }, roster, rules);
    if (spoiled.length > 0) {
      this.#texts.set(report.id!, text);
      await this.one.store.markMoved(report.id!, "roster.csv");
    }
    assert.equal(report.reason, null);
    assert.deepEqual(countsOf(report), countsOf(counts));
    // The model does not cover the warning about a repeated file.
    const codes = report.warnings.map(({ code }) => code).filter((code) => code !== "same_content");
    assert.deepEqual(codes, warnings);
    if (foreseen !== null) assert.equal(foreseen.status, report.status);
    // For a held file, check reports what an approval would do.
    if (foreseen !== null && spoiled.length === 0) {
      assert.deepEqual(countsOf(foreseen), countsOf(counts), "check predicts the import");
    }
    for (const name of [...Object.keys(countsOf(counts)), ...warnings]) note(this.seen, `import: ${name}`);
  }

  async #decide(step: Step & { do: "approve" | "discard" | "undo" }): Promise<void> {
    const { imports } = this.#world;
    const some = step.ofHolding ? imports.filter(({ hold }) => hold === "open") : imports;
    const done = some.at(-1 - step.which) ?? some.at(0);
    if (done === undefined) return;
    const [decide, model] = {
      approve: [approveHold, approve],
      discard: [discardHold, discard],
      undo: [undoImport, undo],
    }[
      step.do
    ] as [typeof undoImport, typeof undo];
    const isFile = step.do === "approve" && done.file !== null;
    const answer = await answerOf(
      isFile ? this.#approveFile(done) : decide(this.one.database, done.id, signal, "admin"),
    );
    const expected = isFile ? await this.#modelApproval(done) : model(this.#world, done);
    assert.deepEqual(answer, expected, `${step.do} of import ${done.id}`);
    if ("refused" in expected) return note(this.seen, `${step.do}: ${expected.refused}`);
    for (const name of Object.keys(countsOf(expected))) note(this.seen, `${step.do}: ${name}`);
    if ("applied" in expected) note(this.seen, "approve: applied");
    for (const stayed of expected.left_out) note(this.seen, `${step.do}: ${wordsOf(stayed)}`);
  }

  /** Approves a held file, which is read from memory instead of `bak`. */
  async #approveFile({ id, feed }: Import): Promise<unknown> {
    const [, rules] = this.#feeds.find(([name]) => name === feed) ?? this.#feeds.at(-1)!;
    const held = (await this.one.store.find(id))!;
    const { applied, ...result } = await approveHeldFile(held as typeof held & { hold: Hold }, {
      store: this.one.store,
      settings: { ...DEFAULT_SETTINGS, ...this.#settings(rules) },
      openInBak: () => Promise.resolve(fileOf(this.#texts.get(id)!, { name: "roster.csv" })),
      newKey: () => crypto.randomUUID(),
      by: "admin",
      clock: systemClock,
      onProgress: () => {},
      ...{ signal, stopping: signal },
    });
    return { ...result, applied: applied!.counts };
  }

  async #modelApproval(held: Import) {
    const [{ id }] = await this.#sql`select max(id) as id from rosterd.imports`;
    const rules = this.#feeds.find(([name]) => name === held.feed)?.[1];
    const feed = { name: held.feed, all: this.#feeds.map(([name]) => name) };
    return approveFile(this.#world, held, id, rules === undefined ? null : { feed, rules });
  }

  /** The settings for the files of one feed. */
  #settings(rules: Rules): Partial<Settings> {
    return {
      archive_inactive_users: rules.inactive,
      missing_users: rules.missing,
      release_permits_after_days: rules.days,
      archive_guard: rules.guard,
      change_guard: rules.changes,
      empty_values: rules.empty,
      feeds: Object.fromEntries(this.#feeds.filter(([name]) => name !== "").map(([name]) => [name, {}])),
    };
  }

  async #erase(id: string): Promise<void> {
    const options = { retentionDays: 0, signal, by: "admin" };
    const answer = await eraseUser(this.one.database, id, options).then((erased) => erased && "erased", (error) => {
      if (error instanceof CannotDecide) return { refused: error.code };
      throw error;
    });
    const expected = erase(this.#world, id);
    assert.deepEqual(answer, expected, `erase ${id}`);
    note(this.seen, `erase: ${expected === null ? "unknown" : expected === "erased" ? expected : expected.refused}`);
  }

  async #other(step: Step): Promise<void> {
    const { people, permits } = this.#world;
    const sql = this.#sql;
    const person = "id" in step ? people.get(step.id) : undefined;
    const permit = "which" in step ? permits[step.which % permits.length] : undefined;
    if (step.do === "time") {
      this.#world.now += step.hours;
      const hours = `${step.hours} hours`;
      await sql`update rosterd.import_changes set changed_at = changed_at - ${hours}::interval`;
      await sql`
        update rosterd.users set inactive_since = inactive_since - ${hours}::interval where inactive_since is not null`;
      await sql`
        update rosterd.import_changes set changes = jsonb_set(changes, '{inactive_since}', (
          select jsonb_agg(to_jsonb((value #>> '{}')::timestamptz - ${hours}::interval) order by at)
          from jsonb_array_elements(changes -> 'inactive_since') with ordinality as pair (value, at)))
        where changes ? 'inactive_since'`;
    } else if (step.do === "value" && person !== undefined) {
      const taken = [...people.values()].some(({ email }) => email === step.value);
      if (step.name === "email" && taken) return;
      person[step.name] = step.value;
      await sql`update rosterd.users set ${sql(step.name)} = ${step.value} where unique_id = ${step.id}`;
    } else if (step.do === "access" && person !== undefined) {
      const archived = step.state === "archived";
      Object.assign(person, { state: step.state, archivedAt: archived ? ++this.#world.moments : null });
      await sql`
        update rosterd.users set active = ${step.state === "active"}, archived_at = case when ${archived} then now() end
        where unique_id = ${step.id}`;
    } else if (step.do === "delete") {
      people.delete(step.id);
      await sql`delete from rosterd.users where unique_id = ${step.id}`;
    } else if (step.do === "add" && person === undefined) {
      const values = { login_source: "x", city: null, email: null, state: step.state };
      const archivedAt = step.state === "archived" ? 0 : null;
      people.set(step.id, { ...values, archivedAt, since: null, createdBy: null, words: new Map() });
      await this.db.addUsers({ unique_id: step.id, ...values, feeds: {} });
    } else if (step.do === "sell") await this.#sell(step.owner, step.no);
    else if (step.do === "give" && permit?.status === "released") {
      Object.assign(permit, { owner: step.owner, status: "active" });
      await sql`update rosterd.permits set unique_id = ${step.owner}, status = 'active' where permit_id = ${permit.id}`;
    } else if (step.do === "lose" && permit !== undefined) {
      permit.status = "lost";
      await sql`update rosterd.permits set status = 'lost' where permit_id = ${permit.id}`;
    }
  }

  async #sell(owner: string, no: string | null): Promise<void> {
    const [{ id }] = await this.#sql`
      insert into rosterd.permits (unique_id, permit_no) values (${owner}, ${no}) returning permit_id as id`;
    this.#world.permits.push({ id, no, owner, status: "active", by: null });
  }

  async #compare(): Promise<void> {
    const { people, permits, imports } = this.#world;
    assert.deepEqual(await stateOf(this.#sql), {
      people: sorted(people).map(([id, { state, since, login_source, city, email, createdBy, words }]) => [
        id,
        state,
        since !== null,
        login_source,
        city,
        email,
        createdBy,
        Object.fromEntries(words),
      ]),
      permits: permits.map(({ id, no, owner, status, by }) => [id, no, owner, status, by]),
      imports: imports.map(({ id, hold, undone }) => [id, hold, undone]),
      changes: imports.flatMap(({ id, changes }) => sorted(changes).map(([unique_id]) => [id, unique_id])),
      held: imports.flatMap(({ id, held }) =>
        sorted(held).map(([unique_id, { missing, effect }]) => [id, unique_id, missing, effect])
      ),
    });
  }
}

/** Reads the database in the form that {@link Run.#compare} uses. */
async function stateOf(sql: Sql) {
  const [{ state }] = await sql`
    select jsonb_build_object(
      'people', (select coalesce(jsonb_agg(jsonb_build_array(unique_id,
        case when archived_at is not null then 'archived' when active then 'active' else 'disabled' end,
        inactive_since is not null, login_source, city, email, created_by_import, feeds) order by unique_id), '[]') from rosterd.users),
      'permits', (select coalesce(jsonb_agg(jsonb_build_array(permit_id, permit_no, unique_id, status, released_by_import)
        order by permit_id), '[]') from rosterd.permits),
      'imports', (select coalesce(jsonb_agg(jsonb_build_array(id, hold_state, undone_at is not null) order by id), '[]')
        from rosterd.imports),
      'changes', (select coalesce(jsonb_agg(jsonb_build_array(import_id, unique_id) order by import_id, unique_id), '[]')
        from rosterd.import_changes),
      'held', (select coalesce(jsonb_agg(jsonb_build_array(import_id, unique_id, line is null, effect)
        order by import_id, unique_id), '[]') from rosterd.import_held)
    ) as state`;
  return state;
}

/** Converts a response to the form that the model uses. */
async function answerOf(deciding: Promise<unknown>) {
  try {
    const { left_out, left_out_total, ...counts } = await deciding as {
      left_out: { unique_id: string; reason: string }[];
      left_out_total: number;
    };
    assert.equal(left_out_total, left_out.length);
    return { ...counts, left_out: left_out.map(({ unique_id, reason }) => `${unique_id}: ${reason}`).sort() };
  } catch (error) {
    if (error instanceof CannotDecide) return { refused: error.code };
    throw error;
  }
}

/** Returns the reasons without the names in them. */
const wordsOf = (stayed: string) =>
  stayed.replace(/^.*?: /, "").replace(/"[^"]*"/g, "…").replace(/^(login_source|city|email) was/, "a value was")
    .replace(/import \d+/, "import");

function textOf({ records, column, olds, own, torn }: Roster): string {
  const header = {
    unique_id: "",
    login_source: "",
    city: "",
    email: "",
    province: "",
    ...(olds ? { old_unique_id: "" } : {}),
    ...(own ? { rosterd_code: "" } : {}),
  };
  const rows = records.map(({ id, old, login_source, city, email, active, bad }) => ({
    ...header,
    unique_id: id,
    login_source,
    city,
    email,
    province: bad ? "Ontario" : "",
    ...(olds ? { old_unique_id: old } : {}),
    ...(column ? { active } : {}),
  }));
  const text = csvOf([{ ...header, ...(column ? { active: "" } : {}) }, ...rows]);
  // The first row only supplies the column names, so it is removed.
  const lines = text.split("\n");
  return [lines[0], ...lines.slice(2)].join("\n") + (torn ? "torn\n" : "");
}
