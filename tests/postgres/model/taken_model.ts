/**
 * A slow but simple model of user_name and email, based on the quoted rules from docs/file-format.md#taken-values.
 * Tests compare the database with this model.
 */

/** A value in a record: "" keeps the user's value, "(clear)" clears it. */
export type WorldRecord = {
  unique_id: string;
  user_name: string;
  email: string;
  /** The value "x" is invalid and makes the record fail. */
  active: "" | "x";
};

export type WorldUser = {
  unique_id: string;
  user_name: string | null;
  email: string | null;
  state: "active" | "archived";
};

const COLUMNS = [["user_name", "9020"], ["email", "9019"]] as const;
type Unique = "user_name" | "email";

export interface Outcome {
  users: Record<string, Pick<WorldUser, Unique>>;
  /** The codes of the problems, by line. */
  failures: Record<number, string[]>;
  skipped: number;
  /** The values that archived users give up to other users. */
  gives: [unique_id: string, column: Unique][];
}

const lineOf = (at: number) => at + 2;

/** Values are compared without regard to the case of A–Z. */
const fold = (value: string | null) =>
  value === null ? null : value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** `returns`: whether the record at this place reactivates an archived user. */
export function expectedOutcome(
  users: readonly WorldUser[],
  records: readonly WorldRecord[],
  returns: (at: number) => boolean = () => false,
): Outcome {
  const had = new Map(users.map((user) => [user.unique_id, user]));
  const failures: Record<number, string[]> = {};
  let skipped = 0;
  const good = new Set<number>();

  records.forEach((record, at) => {
    // For a repeated unique_id, the first record counts, even if it failed.
    const first = records.findIndex(({ unique_id }) => unique_id === record.unique_id);
    const invalid = record.active === "x" ? ["9033"] : [];
    if (first === at) {
      if (invalid.length === 0) good.add(at);
      else failures[lineOf(at)] = invalid;
    } // A repeated record with the same known values is skipped; any other repeated record fails with 9022.
    else if (JSON.stringify(records[first]) === JSON.stringify(record)) skipped++;
    else failures[lineOf(at)] = ["9022", ...invalid];
  });

  const current = (at: number, column: Unique) => fold(had.get(records[at].unique_id)?.[column] ?? null);
  const intended = (at: number, column: Unique) => {
    const value = records[at][column];
    if (value === "") return current(at, column);
    return value === "(clear)" ? null : fold(value);
  };
  /** A value that is new for the record's user. */
  const wanted = (at: number, column: Unique) => {
    const value = intended(at, column);
    return value !== null && value !== current(at, column) ? value : null;
  };
  const candidates = [...good];

  /** An archived user gives up the value unless a record reactivates them. */
  const gives = ({ unique_id, state }: WorldUser) =>
    state === "archived" && !candidates.some((at) => records[at].unique_id === unique_id && returns(at));

  /** A user who has the value and keeps it wins; otherwise, the earliest line wins. */
  const loses = (at: number, column: Unique, among: Iterable<number>) => {
    const value = wanted(at, column);
    if (value === null) return false;
    const holder = users.find((user) => fold(user[column]) === value);
    const leaves = (other: number) =>
      records[other].unique_id === holder?.unique_id && intended(other, column) !== value;
    if (holder !== undefined && !gives(holder) && ![...good].some(leaves)) return true;
    return [...among].some((other) => other < at && wanted(other, column) === value);
  };

  // All other records fail, and their users keep their old values. The decisions are repeated until the result is
  // stable.
  for (;;) {
    const losers = [...good].filter((at) => COLUMNS.some(([column]) => loses(at, column, good)));
    if (losers.length === 0) break;
    for (const at of losers) good.delete(at);
  }
  // A record can have several problems. All of them are reported, in column order.
  for (const at of candidates) {
    if (good.has(at)) continue;
    const codes = COLUMNS.filter(([column]) => loses(at, column, candidates)).map(([, code]) => code);
    failures[lineOf(at)] = codes;
  }

  const after = Object.fromEntries(
    users.map(({ unique_id, user_name, email }) => [unique_id, { user_name, email }]),
  );
  for (const at of good) {
    const { unique_id, ...record } = records[at];
    const user = after[unique_id] ??= { user_name: null, email: null };
    for (const [column] of COLUMNS) {
      if (record[column] !== "") user[column] = record[column] === "(clear)" ? null : record[column];
    }
  }
  const given: Outcome["gives"] = [];
  for (const [column] of COLUMNS) {
    const taken = new Set([...good].map((at) => wanted(at, column)));
    for (const user of users.filter((user) => user[column] !== null && taken.has(fold(user[column])))) {
      const leaves = [...good].some((at) =>
        records[at].unique_id === user.unique_id && intended(at, column) !== fold(user[column])
      );
      if (leaves) continue;
      after[user.unique_id][column] = null;
      given.push([user.unique_id, column]);
    }
  }
  return { users: after, failures, skipped, gives: given };
}
