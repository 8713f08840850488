/** An import's changes over HTTP: every user, each value before and after, and the released permits. */
import assert from "node:assert/strict";
import type { ChangePage } from "../../src/domain/outcome.ts";
import type { TestService } from "../support/service.ts";
import { onService } from "./http_case.ts";

const SETTINGS = { archive_inactive_users: true, archive_guard: { max_percent: 50, min_users: 2 } };

const FIRST = `unique_id,login_source,last_name,city,data_of_birth,active
u1,ldap,Roy,Ottawa,1999-12-31,1
u2,ldap,=Chan,Ottawa,,1
u3,ldap,Singh,Ottawa,,1
u4,ldap,Nguyen,Ottawa,,1
`;
const SECOND = `unique_id,login_source,last_name,city,active
u1,ldap,Roy,Hull,1
u2,ldap,=Chen,Ottawa,1
u3,ldap,Singh,Ottawa,0
u4,ldap,Nguyen,Ottawa,1
u5,local,Garcia,,0
`;

const changesOf = (service: TestService, id: number, query = "") =>
  service.get<ChangePage>(`/imports/${id}/changes${query}`);

async function changesFileOf(service: TestService, id: number): Promise<string> {
  const answer = await service.fetch(`/imports/${id}/changes.csv`);
  assert.equal(answer.status, 200);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await answer.bytes());
}

onService("an import lists each user whom it created, changed or archived, before and after an undo", SETTINGS, async (
  service,
  { sql },
) => {
  await service.import("first.csv", FIRST);
  await sql`insert into rosterd.permits (permit_no, unique_id) values ('P501', 'u3'), (null, 'u3'), ('P502', 'u4')`;
  const { id } = await service.import("second.csv", SECOND);

  const expected = [
    { unique_id: "u1", outcome: "updated", columns: { city: ["Ottawa", "Hull"] }, permits_released: [] },
    { unique_id: "u2", outcome: "updated", columns: { last_name: ["=Chan", "=Chen"] }, permits_released: [] },
    { unique_id: "u3", outcome: "archived", columns: { active: ["1", "0"] }, permits_released: ["P501", null] },
    {
      unique_id: "u5",
      outcome: "created",
      columns: { login_source: [null, "local"], last_name: [null, "Garcia"], active: [null, "0"] },
      permits_released: [],
    },
  ];
  assert.deepEqual(await changesOf(service, id), { changes: expected, cleared_at: null, next: null });

  const page = await changesOf(service, id, "?limit=2");
  assert.deepEqual([page.changes, page.next], [expected.slice(0, 2), "u2"]);
  assert.deepEqual((await changesOf(service, id, "?limit=2&after=u2")).changes, expected.slice(2));
  assert.deepEqual((await changesOf(service, id, "?outcome=archived")).changes, expected.slice(2, 3));
  assert.deepEqual((await changesOf(service, id, "?outcome=held")).changes, []);

  assert.equal(
    await changesFileOf(service, id),
    "\ufeff" + [
      "unique_id,outcome,column,before,after",
      "u1,updated,city,Ottawa,Hull",
      "u2,updated,last_name,'=Chan,'=Chen",
      "u3,archived,active,1,0",
      "u3,archived,permit_no,P501,",
      "u3,archived,permit_no,,",
      "u5,created,login_source,,local",
      "u5,created,last_name,,Garcia",
      "u5,created,active,,0",
    ].map((line) => `${line}\r\n`).join(""),
  );

  // Later changes do not alter the recorded values of the users created by the first import.
  const [created] = (await changesOf(service, 1)).changes;
  assert.deepEqual(created.columns, {
    login_source: [null, "ldap"],
    last_name: [null, "Roy"],
    city: [null, "Ottawa"],
    data_of_birth: [null, "1999-12-31"],
    active: [null, "1"],
  });

  await service.fetch(`/imports/${id}/undo`, { method: "POST" });
  const [, , archived] = (await changesOf(service, id)).changes;
  assert.deepEqual(archived, expected[2], "the permits that the import released, even after the undo");
});

onService("held users are listed as held, and as archived after the approval", SETTINGS, async (service) => {
  await service.import("first.csv", FIRST);
  const { id } = await service.import("left.csv", FIRST.replaceAll(",1\n", ",0\n").replace("Roy", "Roi"));
  const outcomes = async () => (await changesOf(service, id)).changes.map(({ outcome }) => outcome);
  const { changes } = await changesOf(service, id, "?limit=2");
  assert.deepEqual(changes.map(({ outcome, columns }) => [outcome, columns]), [
    ["held", { last_name: ["Roy", "Roi"] }],
    ["held", {}],
  ]);
  assert.deepEqual(await outcomes(), Array(4).fill("held"));
  await service.fetch(`/imports/${id}/approve`, { method: "POST" });
  assert.deepEqual(await outcomes(), Array(4).fill("archived"));
});

onService("a trial lists the changes that an import would make", { ...SETTINGS, apply: false }, async (service) => {
  const { id } = await service.import("first.csv", FIRST);
  const { changes } = await changesOf(service, id, "?limit=1");
  assert.deepEqual([changes[0].outcome, changes[0].columns.city], ["created", [null, "Ottawa"]]);
});

onService(
  "after the retention period, the response says that the changes were deleted",
  { bak_retention_days: 7 },
  async (
    service,
    { sql },
  ) => {
    const { id } = await service.import("first.csv", FIRST);
    await sql`update rosterd.imports set cleared_at = now()`;
    const page = await changesOf(service, id);
    assert.deepEqual([page.changes, page.cleared_at === null], [[], false]);
    const answer = await service.fetch(`/imports/${id}/changes.csv`);
    assert.deepEqual([answer.status, (await answer.json()).detail], [
      410,
      "older history was cleared (bak_retention_days)",
    ]);
  },
);
