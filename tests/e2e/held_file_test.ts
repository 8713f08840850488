/**
 * A file held by the change guard is reported by email and over HTTP. Both the leader and a standby can approve the
 * file.
 */
import assert from "node:assert/strict";
import type { Approved, HeldPage } from "../../src/domain/decision.ts";
import type { StatusDocument } from "../../src/http/service.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { READ_TOKEN, TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url} on a server: ${unavailable}`);

const SETTINGS = { change_guard: { max_percent: 50, min_users: 1 } };
const HEADER = "unique_id,login_source,city,active\n";
const FIRST = `${HEADER}1,ldap,Ottawa,1\n2,ldap,Ottawa,1\n3,ldap,Ottawa,1\n`;
const MOVED = `${HEADER}1,ldap,Hull,1\n2,ldap,Hull,1\n3,ldap,Hull,1\n4,ldap,Hull,perhaps\n`;

async function approve(
  service: TestService,
  id: number,
): Promise<{ status: number; answer: Approved & { detail: string } }> {
  const response = await service.fetch(`/imports/${id}/approve`, { method: "POST" });
  return { status: response.status, answer: await response.json() };
}

const entryOf = (service: TestService, id: number) => service.get<ImportEntry>(`/imports/${id}`);

/** Waits until the leader has written the failed records of the approved import. */
const filed = (service: TestService, id: number) =>
  until("the approved import is filed", async () => {
    const entry = await entryOf(service, id);
    return entry.bak_file === null ? null : entry;
  });

async function holdsMailsAndApproves(databaseUrl: string | null): Promise<void> {
  await using service = await TestService.start({ databaseUrl, settings: SETTINGS });
  await service.import("first.csv", FIRST);

  const held = await service.import("moved.csv", MOVED);

  assert.deepEqual([held.status, held.hold!.kind, held.hold!.state], ["held", "changes", "open"]);
  assert.ok(!JSON.stringify(held).includes("Hull"), "the entry has no user's values, because read tokens see it");
  const page = await service.get<HeldPage>(`/imports/${held.id}/held`);
  assert.deepEqual(page.columns[0].examples[0], { unique_id: "1", before: "Ottawa", after: "Hull" });
  const refused = await service.fetch(`/imports/${held.id}/held`, {
    headers: { authorization: `Bearer ${READ_TOKEN}` },
  });
  await refused.body?.cancel();
  assert.equal(refused.status, 403);
  const { holds } = await service.get<StatusDocument>("/status");
  assert.deepEqual(holds, [{ id: held.id, kind: "changes", feed: "", file: "moved.csv", users: 4 }]);
  const mail = await until("the mail about the hold", () => service.smtp.mails.at(0) ?? null);
  assert.equal(mail.subject, "rosterd: moved.csv: the file is on hold");
  assert.match(mail.text!, /city would change for 3 of 3 known users\n.*\n {2}1 {5}Ottawa {2}Hull\n/);

  const { status, answer } = await approve(service, held.id);

  assert.equal(status, 200);
  const { import: id, ...applied } = answer.applied!;
  assert.deepEqual(applied, { status: "failed_records", counts: { records: 4, updated: 3, failed: 1 } });
  const entry = await filed(service, id);
  assert.deepEqual([entry.approves, entry.bak_file, entry.failed], [held.id, held.bak_file, 1]);
  assert.match(await Deno.readTextFile(`${service.upload}/bak/${entry.failed_file}`), /^4,ldap,Hull,perhaps,/m);
  const told = await until("the mail about the failed record", () => service.smtp.mails.at(1) ?? null);
  assert.equal(told.subject, "rosterd: moved.csv: 1 new failure");
  assert.equal((await approve(service, held.id)).status, 409);
  const undone = await service.fetch(`/imports/${id}/undo`, { method: "POST" });
  assert.equal((await undone.json()).restored, 3);
  assert.ok(service.lines.some((line) => line.includes("hold_approved") && line.includes(`"applied_by":${id}`)));
  assert.ok(!service.lines.some((line) => line.includes("Hull")), "no user's value is in the log");
}

Deno.test({
  name: "a held file is reported by mail with examples, and can be approved and undone over HTTP (server)",
  ignore: unavailable !== null,
  fn: async () => {
    await using database = (await testDatabase())!;
    await holdsMailsAndApproves(database.url);
  },
});

Deno.test("a held file is reported by mail with examples, and can be approved and undone over HTTP (embedded)", () =>
  holdsMailsAndApproves(null));

Deno.test({
  name: "a standby and a restarted service can approve a held file, and the leader writes its failed records",
  ignore: unavailable !== null,
  fn: async () => {
    await using database = (await testDatabase())!;
    const options = { databaseUrl: database.url, settings: SETTINGS };
    await using leader = await TestService.start(options);
    await leader.import("first.csv", FIRST);
    const first = await leader.import("moved.csv", MOVED);
    {
      await using standby = await TestService.start({ ...options, upload: leader.upload });
      const { status, answer } = await approve(standby, first.id);
      assert.equal(status, 200, answer.detail);
      await leader.turn();
      assert.notEqual((await filed(leader, answer.applied!.import)).failed_file, null);
    }
    {
      await using elsewhere = await TestService.start(options);
      const second = await leader.import("back.csv", FIRST);
      assert.equal(second.status, "held");
      const { status, answer } = await approve(elsewhere, second.id);
      assert.deepEqual([status, answer.detail.split(":")[0]], [409, "the file is no longer in bak"]);
      assert.equal((await approve(leader, second.id)).status, 200);
    }
  },
});
