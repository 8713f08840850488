/**
 * The guard's decision for given numbers of users (docs/people.md#archive-guard). `tests/postgres/` tests the effect on
 * users.
 */
import assert from "node:assert/strict";
import type { Losses } from "../../src/domain/decision.ts";
import { lossesToHold, reasonToHold } from "../../src/domain/guard.ts";

const GUARD = { max_percent: 10, min_users: 20 };

const all = (active: number, counted: number, losing = counted): Losses => ({
  feed: null,
  login_source: null,
  active,
  counted,
  losing,
});
const of = (login_source: string, active: number, counted: number, losing = counted): Losses => ({
  feed: null,
  login_source,
  active,
  counted,
  losing,
});

Deno.test("losses are held only above both limits, without rounding errors", () => {
  for (
    const [active, counted, holds] of [[1_000, 100, false], [1_000, 101, true], [30, 20, false], [30, 21, true], [
      209,
      21,
      true,
    ], [
      210,
      21,
      false,
    ], [21, 21, true]] as const
  ) {
    assert.equal(reasonToHold(GUARD, null, [all(active, counted)]) !== null, holds, `${counted} of ${active}`);
  }
});

Deno.test("losses of the last 24 hours count, but cause a hold only together with new losses", () => {
  assert.equal(reasonToHold(GUARD, null, [all(1_000, 150, 0)]), null);
  assert.equal(
    reasonToHold(GUARD, null, [all(1_000, 101, 1)]),
    "all login sources together have 1,000 active users, and 101 would have lost access, including 100 who lost it in the last 24 hours: " +
      "more than 10 percent and more than 20 users",
  );
});

Deno.test("each login source is also counted separately, the total comes first, and a single login source is named once", () => {
  const small = [of("ldap", 900, 0), all(1_000, 30), of("hr", 100, 30)];
  assert.match(reasonToHold(GUARD, null, small)!, /^login source "hr" has 100 active users, and 30 [^;]*$/);
  const both = [of("ldap", 500, 200), of("hr", 500, 100), all(1_000, 300)];
  assert.match(
    reasonToHold(GUARD, null, both)!,
    /^all .* and 300 would .*; login source "hr" .*; login source "ldap" /,
  );
  assert.deepEqual(lossesToHold(GUARD, both), [all(1_000, 300), of("hr", 500, 100), of("ldap", 500, 200)]);
  const only = [all(1_000, 400), of("ldap", 1_000, 400)];
  assert.match(
    reasonToHold(GUARD, null, only)!,
    /^login source "ldap" has 1,000 active users, and 400 would have lost access: [^;]*$/,
  );
});

Deno.test("only the first few of many login sources are named", () => {
  const many = Array.from({ length: 30 }, (_, at) => of(`s${at}`, 100, 50));
  const reason = reasonToHold(GUARD, null, [...many, all(3_000, 1_500)])!;
  assert.equal(reason.match(/would have lost access/g)!.length, 5);
  assert.match(reason, /; and 26 more login sources also exceed the limits$/);
});

Deno.test("an open hold extends to later losses, 100 percent turns the guard off, and limits of 0 hold every user", () => {
  assert.match(
    reasonToHold(GUARD, 7, [all(1_000, 1)])!,
    /^import 7 still has an open hold, so later archivals are held too$/,
  );
  assert.equal(reasonToHold({ max_percent: 100, min_users: 0 }, 7, [all(10, 10)]), null);
  assert.notEqual(reasonToHold({ max_percent: 0, min_users: 0 }, null, [all(1_000_000, 1)]), null);
});
