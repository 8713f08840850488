/** The guard's verdict on numbers (contract, section 3, "Guard"); what it does to users is tested in `tests/postgres/`. */
import assert from "node:assert/strict";
import { type Losses, reasonToHold } from "../../src/domain/guard.ts";

const GUARD = { max_percent: 10, min_users: 20 };

const all = (active: number, counted: number, losing = counted): Losses => ({
  login_source: null,
  active,
  counted,
  losing,
});
const of = (login_source: string, active: number, counted: number, losing = counted): Losses => ({
  login_source,
  active,
  counted,
  losing,
});

Deno.test("losses are held above both limits only, in whole numbers", () => {
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

Deno.test("whoever lost access in the last 24 hours counts, but holds nothing alone", () => {
  assert.equal(reasonToHold(GUARD, null, [all(1_000, 150, 0)]), null);
  assert.equal(
    reasonToHold(GUARD, null, [all(1_000, 101, 1)]),
    "of all login sources 101 users would have lost access, 100 of them in the last 24 hours already, where 1000 are active: " +
      "more than 10 percent and more than 20 users",
  );
});

Deno.test("each login source is weighed alone too, all together come first, and one that is all of them is told once", () => {
  const small = [of("ldap", 900, 0), all(1_000, 30), of("hr", 100, 30)];
  assert.match(reasonToHold(GUARD, null, small)!, /^of login source "hr" 30 users .* where 100 are active: [^;]*$/);
  const both = [of("ldap", 500, 200), of("hr", 500, 100), all(1_000, 300)];
  assert.match(
    reasonToHold(GUARD, null, both)!,
    /^of all .* 300 users .*; of login source "hr" .*; of login source "ldap" /,
  );
  const only = [all(1_000, 400), of("ldap", 1_000, 400)];
  assert.match(reasonToHold(GUARD, null, only)!, /^of login source "ldap" 400 users would have lost access, [^;]*$/);
});

Deno.test("of many login sources the first few are named", () => {
  const many = Array.from({ length: 30 }, (_, at) => of(`s${at}`, 100, 50));
  const reason = reasonToHold(GUARD, null, [...many, all(3_000, 1_500)])!;
  assert.equal(reason.match(/users would have lost access/g)!.length, 5);
  assert.match(reason, /; and so in 26 more login sources$/);
});

Deno.test("an open hold holds everything, 100 percent switches the guard off, 0 and 0 holds everybody", () => {
  assert.match(reasonToHold(GUARD, 7, [all(1_000, 1)])!, /^import 7 is still held/);
  assert.equal(reasonToHold({ max_percent: 100, min_users: 0 }, 7, [all(10, 10)]), null);
  assert.notEqual(reasonToHold({ max_percent: 0, min_users: 0 }, null, [all(1_000_000, 1)]), null);
});
