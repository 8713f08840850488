/** Finds a person, and the imports that led to their current state. */
import assert from "node:assert/strict";
import type { FoundUser, User } from "../../src/domain/user.ts";
import type { TestService } from "../support/service.ts";
import { onService } from "./http_case.ts";

const SETTINGS = { archive_inactive_users: true, archive_guard: { max_percent: 50, min_users: 1 } };

const FIRST = `unique_id,login_source,last_name,user_name,email,city,active
a/1,ldap,Roy,zoe,zoe@example.edu,Ottawa,1
a2,ldap,Royal,ann,ann@example.edu,Ottawa,1
b3,ldap,Singh,roy,a2@example.edu,Ottawa,1
`;

const userOf = (service: TestService, id: string) => service.get<User>(`/users/${encodeURIComponent(id)}`);

async function found(service: TestService, query: string): Promise<string[]> {
  const { users } = await service.get<{ users: FoundUser[] }>(`/users?${query}`);
  return users.map(({ unique_id }) => unique_id);
}

onService(
  "a search for the beginning of a unique_id, user_name, email or last name finds each user once",
  SETTINGS,
  async (
    service,
  ) => {
    await service.import("first.csv", FIRST);
    assert.deepEqual(await found(service, "q=a"), ["a/1", "a2", "b3"]);
    assert.deepEqual(await found(service, "q=ROY"), ["b3", "a/1", "a2"]);
    assert.deepEqual(await found(service, "q=ann%40EX"), ["a2"]);
    assert.deepEqual(await found(service, "q=%25"), []);
    const pages: string[] = [];
    for (let after = ""; after !== "end";) {
      const page = await service.get<{ users: FoundUser[]; next: string | null }>(`/users?q=roy&limit=1${after}`);
      pages.push(...page.users.map(({ unique_id }) => unique_id));
      after = page.next === null ? "end" : `&after=${page.next}`;
    }
    assert.deepEqual(pages, ["b3", "a/1", "a2"]);
    for (const query of ["", "?q=", "?q=a&after=x", "?q=a%00"]) {
      const answer = await service.fetch(`/users${query}`);
      assert.equal(answer.status, 422, query);
      await answer.body?.cancel();
    }
  },
);

onService(
  "a user is shown with their values, permits, open hold, last failure and the changes made by each import",
  SETTINGS,
  async (
    service,
    { sql },
  ) => {
    await service.import("first.csv", FIRST);
    await sql`insert into rosterd.permits (permit_no, unique_id) values ('P501', 'a/1')`;
    await service.import("moved.csv", FIRST.replace("zoe@example.edu,Ottawa", "zoe@example.edu,Hull"));
    await service.import("wrong.csv", FIRST.replace("zoe@example.edu", "zoe at example.edu"));
    await service.import("nightly.csv", FIRST.replaceAll(",1\n", ",0\n"));

    const held = await userOf(service, "a/1");
    assert.deepEqual([held.state, held.values.city, held.permits[0].status], ["active", "Ottawa", "active"]);
    assert.deepEqual(held.holds, [{ import: 4, feed: "", file: "nightly.csv", line: 2, effect: "archive" }]);
    assert.deepEqual([held.last_failure!.import, held.last_failure!.problems[0].column], [3, "email"]);
    assert.equal(held.history[0].outcome, "held");

    await service.fetch("/imports/4/approve", { method: "POST" });
    const archived = await userOf(service, "a/1");
    assert.deepEqual([archived.state, archived.holds, archived.permits[0].released_by_import], ["archived", [], 4]);
    await service.fetch("/imports/4/undo", { method: "POST" });

    const { state, history, cleared_until } = await userOf(service, "a/1");
    assert.deepEqual([state, cleared_until], ["active", null]);
    const told = history.map(({ at: _, undone_at, decisions, ...entry }) => ({
      ...entry,
      undone: undone_at !== null,
      decisions: decisions.map(({ what, by }) => `${what} by ${by}`),
    }));
    const common = { feed: "", undone: false, permits_released: [], decisions: [] };
    assert.deepEqual(told, [
      {
        ...{ import: 4, feed: "", file: "nightly.csv", outcome: "archived", undone: true },
        columns: { city: ["Hull", "Ottawa"], active: ["1", "0"] },
        permits_released: ["P501"],
        decisions: ["approved by admin", "undone by admin"],
      },
      { ...common, import: 2, file: "moved.csv", outcome: "updated", columns: { city: ["Ottawa", "Hull"] } },
      {
        ...{ ...common, import: 1, file: "first.csv", outcome: "created" },
        columns: {
          login_source: [null, "ldap"],
          last_name: [null, "Roy"],
          user_name: [null, "zoe"],
          email: [null, "zoe@example.edu"],
          city: [null, "Ottawa"],
          active: [null, "1"],
        },
      },
    ]);

    await sql`update rosterd.imports set cleared_at = now() where id <= 2`;
    const later = await userOf(service, "a/1");
    assert.equal(later.cleared_until === null, false);
    assert.equal((await service.fetch("/users/nobody")).status, 404);
  },
);
