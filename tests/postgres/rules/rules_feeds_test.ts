/**
 * For every combination of a user, a record and what two feeds say, the database follows `rules_feeds.ts`.
 */
import assert from "node:assert/strict";
import type { Settings } from "../../../src/domain/settings.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { oneConnection, removeAll } from "../one_connection.ts";
import { csvOf, onServer, type RosterDatabase } from "../roster_database.ts";
import { FEEDS } from "./rules_feeds.ts";
import { lookUp, product } from "./rules_table.ts";

const WORDS = { active: true, inactive: false, no: undefined, removed: undefined };

const CIRCUMSTANCES = product<Record<"inactive" | "missing" | "losses" | "feed", string>>({
  inactive: ["on", "off"],
  missing: ["keep", "archive"],
  losses: ["happen", "held"],
  // The file belongs to the first feed or to the upload folder itself.
  feed: ["students", ""],
});

const CASES = product<Record<"before" | "record" | "said" | "other", string>>({
  before: ["active", "disabled", "archived"],
  record: ["0", "1", "none", "failed", "absent"],
  said: ["active", "inactive", "no"],
  other: ["active", "inactive", "no", "removed"],
}).map((one) => ({ ...one, id: Object.values(one).join("-") }));

/** What a feed says, in its stored form. */
const word = (feed: string, said: string) => {
  const active = WORDS[said as keyof typeof WORDS];
  return active === undefined ? {} : { [feed]: active };
};

async function statesOf(db: RosterDatabase): Promise<Record<string, [state: string, feeds: Record<string, boolean>]>> {
  const rows = await db.sql`
    select unique_id, feeds,
      case when archived_at is not null then 'archived' when active then 'active' else 'disabled' end as state
    from rosterd.users`;
  return Object.fromEntries(rows.map(({ unique_id, state, feeds }) => [unique_id, [state, feeds]]));
}

onServer("import and undo follow the table of two feeds for every user", async (db) => {
  await using one = oneConnection(db);
  const used = new Set<Record<string, string>>();
  let combinations = 0;
  for (const circumstances of CIRCUMSTANCES) {
    const { feed, inactive, missing, losses } = circumstances;
    const other = feed === "" ? "staff" : "";
    await removeAll(db);
    await db.addUsers(...CASES.map(({ id, before, said, other: word_, ...rest }) => ({
      unique_id: id,
      state: before,
      feeds: { ...word(feed, said), ...word(other, word_), ...(word_ === "removed" ? { gone: true } : {}) },
      city: rest.record === "failed" ? "Ottawa" : null,
    })));
    const before = await statesOf(db);
    const settings: Partial<Settings> = {
      archive_inactive_users: inactive === "on",
      missing_users: missing as "keep",
      archive_guard: { max_percent: losses === "held" ? 0 : 100, min_users: 0 },
      feeds: { students: {}, staff: {} },
    };
    const roster = csvOf(
      CASES.filter(({ record }) => record !== "absent").map(({ id, record }) => ({
        unique_id: id,
        login_source: "ldap",
        province: record === "failed" ? "Ontario" : "",
        active: record === "0" || record === "1" ? record : "",
      })),
    );

    const report = await db.import(roster, { feed, settings, store: one.store });

    const now = await statesOf(db);
    let kept = 0;
    for (const { id, ...facts } of CASES) {
      const row = lookUp(FEEDS, { ...facts, ...circumstances });
      used.add(row);
      const says = row.says === "same" ? facts.said : row.says;
      const { [feed]: _, ...others } = before[id][1];
      const expected = [row.after === "same" ? facts.before : row.after, { ...others, ...word(feed, says) }];
      assert.deepEqual(now[id], expected, `${id}, ${JSON.stringify(circumstances)}`);
      if (row.kept === "yes") kept++;
    }
    const warning = report.warnings.find(({ code }) => code === "kept_by_other_feed");
    assert.match(warning?.text ?? "", new RegExp(`^${kept} users keep access`));
    await undoImport(one.database, report.id!, new AbortController().signal, "admin");
    assert.deepEqual(await statesOf(db), before, `undo, ${JSON.stringify(circumstances)}`);
    combinations += CASES.length;
  }
  assert.deepEqual(FEEDS.filter((row) => !used.has(row)), [], "every row of the table was looked up");
  console.log(`feeds: ${combinations} combinations of user, record, words and settings hold, each with its undo`);
});
