/** The totals of each day's imports (docs/http.md#days). */
import assert from "node:assert/strict";
import type { Day } from "../../src/domain/day.ts";
import { onService } from "./http_case.ts";

const ROSTER = "unique_id,login_source,city\n1,ldap,Ottawa\n2,ldap,Hull\n";

onService("the totals of a day exclude undone imports, and use the time zone in the query", {
  feeds: { staff: {} },
}, async (service, { sql }) => {
  await service.import("monday.csv", ROSTER);
  await service.import("tuesday.csv", `${ROSTER}3,,Gatineau\n4,ldap,Hull\n`);
  await service.drop("staff/tuesday.csv", "unique_id,login_source\n9,sso\n");
  await service.turn();
  await service.import("rejected.csv", "name\nAnna\n");
  const at = (id: number, time: string) => sql`update rosterd.imports set started_at = ${time} where id = ${id}`;
  const today = new Date().toISOString().slice(0, 10), yesterday = new Date(Date.parse(today) - 86_400_000);
  const day = yesterday.toISOString().slice(0, 10);
  await at(1, `${day}T03:30:00Z`);
  for (const id of [2, 3, 4]) await at(id, `${today}T00:10:00Z`);

  const days = async (query: string) => (await service.get<{ days: Day[] }>(`/days?${query}`)).days;
  const counts = async (query: string) => (await days(query)).map(({ last_at: _, ...day }) => day);
  const none = { archived: 0, failed: 0, failed_new: 0, all_failed: 0, held: 0, rejected: 0 };
  const monday = { ...none, imports: 1, last_import: 1, records: 2, changed: 2, created: 2 };
  const staff = { ...none, day: today, imports: 1, last_import: 3, records: 1, changed: 1, created: 1 };
  const tuesday = {
    imports: 3,
    last_import: 4,
    records: 5,
    changed: 2,
    created: 2,
    failed: 1,
    failed_new: 1,
    rejected: 1,
  };
  assert.deepEqual(await counts("days=2"), [{ day, ...monday }, { ...none, day: today, ...tuesday }]);
  assert.deepEqual(await counts("days=2&feed=staff"), [staff]);
  assert.deepEqual((await days("days=2")).map(({ last_at }) => last_at), [
    `${day}T03:30:00.000Z`,
    `${today}T00:10:00.000Z`,
  ]);
  // In a time zone far enough to the west, each import belongs to the previous day.
  const [first] = await days("days=3&zone=America/Toronto");
  assert.notEqual(first.day, day);
  await service.fetch("/imports/3/undo", { method: "POST" });
  assert.equal((await days("days=1")).at(-1)!.changed, 1);
  await service.import("broken.csv", "unique_id,login_source\n7,\n8,\n");
  const { failed, all_failed } = (await days("days=1")).at(-1)!;
  assert.deepEqual({ failed, all_failed }, { failed: 3, all_failed: 1 });
  for (const query of ["zone=Mars/Base", "zone=%2B05:00", "days=0", "days=367"]) {
    assert.equal((await service.fetch(`/days?${query}`)).status, 422, query);
  }
});
