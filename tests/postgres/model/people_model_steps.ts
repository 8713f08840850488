/** Generates sequences of rosters, settings, decisions, changes by other programs, and the passing of time. */
import fc from "fast-check";
import type { Person, Roster, RosterRecord, Rules, State } from "./people_model.ts";

export type Step =
  /**
   * `feed`: "" for the upload folder itself, or a feed if the settings contain it. `long`: whether the roster is long
   * enough for the unchanged-record cache.
   */
  | { do: "import"; feed: string; roster: Roster; check: boolean; long: boolean }
  /** Adds, removes or reorders feeds and sets the rules of each. */
  | { do: "settings"; feeds: Feeds }
  /** `which` counts back from the latest import, or from the latest import with a hold. */
  | { do: "approve" | "discard" | "undo"; which: number; ofHolding: boolean }
  | { do: "time"; hours: number }
  | { do: "value"; id: string; name: "city" | "email" | "login_source"; value: string }
  | { do: "access"; id: string; state: State }
  | { do: "delete"; id: string }
  | { do: "erase"; id: string }
  | { do: "add"; id: string; state: State }
  | { do: "sell"; owner: string; no: string | null }
  /** `which`: the index of a permit. */
  | { do: "give"; owner: string; which: number }
  | { do: "lose"; which: number };

/** The settings: the feeds in order, each with its rules. "" is the upload folder itself. */
export type Feeds = [feed: string, rules: Rules][];

const IDS = ["a", "b", "c", "d", "e", "f", "g", "h"];
const SOURCES = ["x", "y"];
const CITIES = ["Hull", "Ottawa", "Perth"];
const EMAILS = ["1@x.org", "2@x.org", "3@x.org", "4@x.org"];
const NUMBERS = ["P1", "P2", "P3", "P4"];

/** The usual login source of a user. */
const homeOf = (id: string) => id < "f" ? "x" : "y";

/** Generates true in one out of `one` cases. */
const seldom = (one: number) => fc.nat(one - 1).map((at) => at === 0);

const id = fc.constantFrom(...IDS);
const state = fc.constantFrom<State>("active", "disabled", "archived");

function recordOf(id: string): fc.Arbitrary<RosterRecord> {
  return fc.record({
    id: fc.constant(id),
    old: fc.oneof({ weight: 30, arbitrary: fc.constant("") }, fc.constantFrom(...IDS)),
    login_source: fc.oneof({ weight: 9, arbitrary: fc.constant(homeOf(id)) }, fc.constantFrom(...SOURCES)),
    city: fc.constantFrom("", "", ...CITIES, "(clear)"),
    email: fc.oneof({ weight: 4, arbitrary: fc.constant("") }, fc.constantFrom(...EMAILS, "(clear)")),
    active: fc.constantFrom("1", "1", "0", "0", ""),
    bad: seldom(30),
  });
}

/** Records for some users, often for all. A few records repeat an earlier record or lack a readable id. */
const records: fc.Arbitrary<RosterRecord[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(6) },
  fc.constantFrom(0, 1, 3),
)
  .chain((share) =>
    fc.tuple(
      fc.tuple(...IDS.map((id) => fc.tuple(recordOf(id), fc.nat(6).map((at) => at < share)))),
      fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(id.chain(recordOf), { maxLength: 2 })),
      fc.oneof({ weight: 14, arbitrary: fc.constant([]) }, fc.array(recordOf(""), { maxLength: 2 })),
      fc.boolean(),
    )
  ).map(([all, more, nobodys, backwards]) => {
    const some = all.filter(([, isIn]) => isIn).map(([record]) => record);
    return [...nobodys, ...(backwards ? some.reverse() : some), ...more];
  });

/** Gives some records an old id and leaves out the records of most old ids. */
const withOldIds = fc.tuple(
  records,
  fc.array(fc.tuple(id, id, seldom(8)), { maxLength: 3 }),
).map(([records, pairs]) =>
  pairs.reduce(
    (all, [from, to, isBoth]) =>
      all.filter(({ id }) => isBoth || id !== from).map((record) =>
        record.id === to ? { ...record, old: from } : record
      ),
    records,
  )
);

const roster: fc.Arbitrary<Roster> = fc.record({
  records: fc.oneof(records, withOldIds),
  column: seldom(5).map((without) => !without),
  olds: seldom(4).map((without) => !without),
  own: seldom(16),
  torn: seldom(16),
});

const rules: fc.Arbitrary<Rules> = fc.record({
  inactive: fc.boolean(),
  missing: fc.constantFrom("keep", "archive"),
  guard: fc.constantFrom(
    { max_percent: 100, min_users: 0 },
    { max_percent: 0, min_users: 0 },
    { max_percent: 0, min_users: 2 },
    { max_percent: 25, min_users: 0 },
    { max_percent: 50, min_users: 1 },
  ),
  changes: fc.constantFrom(
    { max_percent: 100, min_users: 0 },
    { max_percent: 100, min_users: 0 },
    { max_percent: 50, min_users: 2 },
    { max_percent: 20, min_users: 1 },
    { max_percent: 0, min_users: 0 },
  ),
  empty: fc.constantFrom("keep", "keep", "clear"),
  days: fc.constantFrom(0, 0, 1),
});

const feeds: fc.Arbitrary<Feeds> = fc.constantFrom(
  ["students", "staff"],
  ["students", "staff"],
  ["staff", "students"],
  ["students"],
  ["staff"],
  [],
).chain((names) => fc.tuple(...[...names, ""].map((name) => fc.tuple(fc.constant(name), rules))));

const which = fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 3);
const permit = fc.nat(11);

type Steps = fc.Arbitrary<Step[]>;

/** Generates one step of the given kind. */
const one = (kind: Step["do"], rest: Record<string, fc.Arbitrary<unknown>>): Steps =>
  fc.record({ do: fc.constant(kind), ...rest }).map((step) => [step as Step]);

const mostly = seldom(5).map((not) => !not);
const imports = one("import", {
  feed: fc.constantFrom("students", "staff", "students", "staff", ""),
  roster,
  check: seldom(4),
  long: fc.boolean(),
});
const nights: Steps = fc.tuple(imports, imports).map(([one, other]) => [...one, ...other, ...one, ...other]);
/** The same file a day later, when the grace period for users without access is over. */
const graces: Steps = fc.tuple(imports, imports).map((
  [one, other],
) => [...one, ...other, { do: "time", hours: 25 }, ...one, ...other]);
const undoes = one("undo", { which, ofHolding: fc.constant(false) });
const approves = one("approve", { which, ofHolding: mostly });

/** Changes by other programs. */
const others: Steps = fc.oneof(
  one("value", { id, name: fc.constant("city"), value: fc.constantFrom(...CITIES) }),
  one("value", { id, name: fc.constant("email"), value: fc.constantFrom(...EMAILS) }),
  one("value", { id, name: fc.constant("login_source"), value: fc.constantFrom(...SOURCES) }),
  one("access", { id, state }),
  one("delete", { id }),
  one("erase", { id }),
  one("add", { id, state }),
  one("sell", { owner: id, no: fc.constantFrom(...NUMBERS, null) }),
  one("give", { owner: id, which: permit }),
  one("lose", { which: permit }),
);

const inTurn = (...some: Steps[]): Steps => fc.tuple(...some).map((steps) => steps.flat());
const some = (steps: Steps): Steps => fc.array(steps, { minLength: 1, maxLength: 4 }).map((steps) => steps.flat());
const last = (kind: "approve" | "undo"): Steps => fc.constant([{ do: kind, which: 0, ofHolding: kind === "approve" }]);

/** Single steps and whole sequences in which other programs act between an import and its decision. */
const turn: Steps = fc.oneof(
  { weight: 10, arbitrary: imports },
  { weight: 2, arbitrary: one("settings", { feeds }) },
  // The same files from two feeds, night after night.
  { weight: 3, arbitrary: nights },
  { weight: 3, arbitrary: graces },
  { weight: 1, arbitrary: one("erase", { id }) },
  { weight: 4, arbitrary: approves },
  { weight: 1, arbitrary: one("discard", { which, ofHolding: mostly }) },
  { weight: 4, arbitrary: undoes },
  { weight: 1, arbitrary: one("time", { hours: fc.constantFrom(7, 25) }) },
  { weight: 2, arbitrary: others },
  { weight: 2, arbitrary: inTurn(imports, some(others), last("undo")) },
  { weight: 1, arbitrary: inTurn(imports, some(others), last("approve"), some(others), last("undo")) },
);

/** The initial users and their permits. */
export interface Start {
  people: [string, Omit<Person, "createdBy" | "archivedAt" | "since" | "words"> & { words: [string, boolean][] }][];
  permits: [owner: string, no: string | null][];
  feeds: Feeds;
}

const start: fc.Arbitrary<Start> = fc.record({
  people: fc.tuple(...IDS.map((id, at) =>
    fc.record({
      isIn: seldom(4).map((not) => !not),
      state: fc.constantFrom<State>("active", "active", "active", "disabled", "archived"),
      city: fc.constantFrom(null, ...CITIES),
      hasEmail: fc.boolean(),
      words: fc.constantFrom<[string, boolean][]>([], [["", true]], [["students", true]], [["", false], [
        "staff",
        true,
      ]]),
    }).map(({ isIn, hasEmail, ...values }) =>
      isIn
        ? [[id, {
          ...values,
          login_source: homeOf(id),
          email: hasEmail ? EMAILS[at] ?? null : null,
        }]] as Start["people"]
        : []
    )
  )).map((some) => some.flat()),
  permits: fc.tuple(
    fc.array(fc.tuple(id, fc.constantFrom(...NUMBERS, null)), { maxLength: 4 }),
    ...IDS.map((id, at) => fc.boolean().map((has) => has ? [[id, `P${at}`]] as Start["permits"] : [])),
  ).map((some) => some.flat() as Start["permits"]),
  feeds,
});

/** At most `longest` steps. Long sequences are as frequent as short ones, because short ones cover few cases. */
export const sequences = (longest: number): fc.Arbitrary<[Start, Step[]]> =>
  fc.noBias(fc.tuple(
    start,
    fc.array(turn, { minLength: 4, maxLength: longest, size: "max" }).map((turns) => turns.flat()),
  ));
