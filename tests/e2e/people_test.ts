/** Imports that would archive too many users: hold, email, approval, discard and undo. */
import assert from "node:assert/strict";
import type { HeldUser } from "../../src/domain/decision.ts";
import type { StatusDocument } from "../../src/http/service.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

type Sql = NonNullable<Awaited<ReturnType<typeof testDatabase>>>["sql"];

const unavailable = await serverUnavailable();
const GUARDED = { archive_inactive_users: true, archive_guard: { max_percent: 10, min_users: 2 } };

function onServer(
  name: string,
  settings: Record<string, unknown>,
  test: (service: TestService, sql: Sql) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({ databaseUrl: database.url, settings });
      await test(service, database.sql);
    },
  });
}

if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url} on a server: ${unavailable}`);

/** A roster with the users u01 to u40, of whom the first `gone` are inactive. */
function roster(gone: number, of = 40): string {
  const lines = Array.from({ length: of }, (_, at) => {
    const number = String(at + 1).padStart(2, "0");
    return `u${number},ldap,Anna ${number},=u${number},u${number}@example.edu,${at < gone ? 0 : 1}\n`;
  });
  return `unique_id,login_source,first_name,last_name,email,active\n${lines.join("")}`;
}

async function decide(service: TestService, id: number, word: string): Promise<{ status: number; answer: unknown }> {
  const response = await service.fetch(`/imports/${id}/${word}`, { method: "POST" });
  return { status: response.status, answer: await response.json() };
}

const heldOf = (service: TestService, id: number, query = "") =>
  service.get<{ held: HeldUser[]; next: string | null }>(`/imports/${id}/held${query}`);
const entryOf = (service: TestService, id: number) => service.get<ImportEntry>(`/imports/${id}`);
const holdsOf = async (service: TestService) => (await service.get<StatusDocument>("/status")).holds;

/** Gives each user one permit. */
async function givePermits(sql: Sql): Promise<void> {
  await sql`
    insert into rosterd.permits (permit_no, unique_id) select 'P-' || unique_id, unique_id from rosterd.users`;
}

async function access(sql: Sql): Promise<{ users: number; permits: number }> {
  const [row] = await sql<{ users: number; permits: number }[]>`
    select (select count(*) from rosterd.users where active) as users,
      (select count(*) from rosterd.permits where status = 'active') as permits`;
  return { ...row };
}

onServer(
  "an import that would archive too many users is held and reported, and can be approved and undone",
  GUARDED,
  async (service, sql) => {
    await service.import("all.csv", roster(0));
    await givePermits(sql);

    const { id, ...entry } = await service.import("spring.csv.gz", await gzipped(roster(10)));

    assert.deepEqual([entry.status, entry.held, entry.hold!.state], ["held", 10, "open"]);
    assert.deepEqual(await access(sql), { users: 40, permits: 40 });
    assert.deepEqual(await holdsOf(service), [{ id, kind: "access", feed: "", file: "spring.csv.gz", users: 10 }]);

    const [mail] = await service.smtp.received(1);
    assert.equal(mail.subject, "rosterd: spring.csv.gz: 10 archivals on hold");
    assert.deepEqual(mail.envelope.to, ["registry@example.edu", "admin@example.edu"]);
    assert.match(mail.text!, /^Approve or discard: "spring\.csv\.gz" would take access from 10 users\./);
    assert.ok(mail.text!.includes(entry.hold!.reason));
    assert.match(mail.text!, /u01 +archive +1\n +Anna 01 =u01$/m);
    const stamp = entry.started_at.replace(/[-:]|\.\d+/g, "");
    assert.equal(mail.attachments[0].filename, `spring.${stamp}.held.csv`);
    const rows = Array.from({ length: 10 }, (_, at) => String(at + 1).padStart(2, "0"))
      .map((number, at) =>
        `u${number},ldap,Anna ${number},'=u${number},,u${number}@example.edu,${at + 2},archive,1\r\n`
      );
    assert.equal(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(mail.attachments[0].content),
      `\ufeffunique_id,login_source,first_name,last_name,user_name,email,rosterd_line,rosterd_effect,rosterd_permits\r\n${
        rows.join("")
      }`,
    );

    const first = await heldOf(service, id, "?limit=6");
    const rest = await heldOf(service, id, `?after=${first.next}`);
    assert.deepEqual([first.held.length, rest.held.length, rest.next], [6, 4, null]);
    assert.deepEqual(rest.held[3], {
      ...{ unique_id: "u10", line: 11, missing: false, effect: "archive", outcome: null },
      login_source: "ldap",
      ...{ first_name: "Anna 10", last_name: "=u10", user_name: null, email: "u10@example.edu", permits: 1 },
    });

    assert.deepEqual(await decide(service, id, "approve"), {
      status: 200,
      answer: { archived: 10, disabled: 0, permits_released: 10, left_out: [], left_out_total: 0 },
    });
    assert.deepEqual(await access(sql), { users: 30, permits: 30 });
    assert.deepEqual(await holdsOf(service), []);
    assert.equal((await entryOf(service, id)).hold!.state, "approved");
    const outcomes = async () => (await heldOf(service, id)).held.map(({ outcome }) => outcome);
    assert.deepEqual(await outcomes(), Array(10).fill("archived"));

    assert.deepEqual(await decide(service, id, "undo"), {
      status: 200,
      answer: { restored: 10, archived: 0, permits_restored: 10, permits_released: 0, left_out: [], left_out_total: 0 },
    });
    assert.deepEqual(await access(sql), { users: 40, permits: 40 });
    assert.deepEqual(await outcomes(), Array(10).fill("archived"), "the effects of the decision, even after the undo");
    const undone = await entryOf(service, id);
    assert.deepEqual([undone.status, undone.undone_at === null], ["held", false]);

    await service.turn();
    const [, approval, undo] = await service.smtp.received(3);
    assert.equal(approval.subject, "rosterd: spring.csv.gz: hold approved");
    assert.match(approval.text!, /^The change on hold from "spring\.csv\.gz" was approved by admin, /);
    assert.match(approval.text!, /Archived +10\n/);
    assert.equal(undo.subject, "rosterd: spring.csv.gz: import undone");
    assert.deepEqual(undo.envelope.to, mail.envelope.to);
  },
);

onServer("after a discard, all users keep access, and the same roster is held again", GUARDED, async (service, sql) => {
  await service.import("all.csv", roster(0));
  const { id } = await service.import("spring.csv", roster(10));

  assert.deepEqual(await decide(service, id, "discard"), {
    status: 200,
    answer: { discarded: 10, left_out: [], left_out_total: 0 },
  });
  assert.deepEqual(await access(sql), { users: 40, permits: 0 });
  assert.equal((await entryOf(service, id)).hold!.state, "discarded");

  const again = await service.import("spring.csv", roster(10));
  assert.deepEqual([again.status, again.held], ["held", 10]);
});

onServer(
  "during a hold, later losses of access are also held, and an approval leaves out users who returned",
  GUARDED,
  async (service) => {
    await service.import("all.csv", roster(0));
    const first = await service.import("spring.csv", roster(10));
    const second = await service.import("later.csv", roster(1));

    assert.deepEqual([second.status, second.held], ["held", 1]);
    assert.match(second.hold!.reason, new RegExp(`^import ${first.id} still has an open hold`));
    assert.deepEqual((await holdsOf(service)).map(({ id, users }) => [id, users]), [[first.id, 10], [second.id, 1]]);
    const { answer } = await decide(service, first.id, "approve") as {
      answer: { left_out: unknown[]; archived: number };
    };
    assert.deepEqual([answer.archived, answer.left_out.length], [1, 9]);
    assert.deepEqual(answer.left_out[0], {
      unique_id: "u02",
      reason: `a later roster says otherwise (import ${second.id}, "later.csv")`,
    });
  },
);

onServer(
  "an impossible decision is refused with a reason, and changes nothing",
  GUARDED,
  async (service, sql) => {
    const { id: created } = await service.import("all.csv", roster(0));
    const { id: same } = await service.import("same.csv", roster(0));
    const refused = async (id: number, word: string) => {
      const { status, answer } = await decide(service, id, word);
      assert.equal(status, 409, word);
      return (answer as { problems: { code: string }[] }).problems[0].code;
    };

    assert.equal(await refused(created, "approve"), "nothing_held");
    assert.equal(await refused(same, "undo"), "nothing_changed");
    const { id: held } = await service.import("spring.csv", roster(10));
    assert.equal(await refused(created, "undo"), "not_the_latest");
    await decide(service, held, "discard");
    assert.equal(await refused(held, "approve"), "hold_is_over");
    assert.equal(await refused(held, "discard"), "hold_is_over");
    await decide(service, held, "undo");
    await decide(service, created, "undo");
    assert.equal(await refused(created, "undo"), "undone_already");
    assert.equal((await decide(service, 99, "undo")).status, 404);
    assert.deepEqual(await access(sql), { users: 0, permits: 0 });
  },
);

onServer(
  "users missing from the roster are held, shown as missing, and archived with their permits on approval",
  { ...GUARDED, archive_inactive_users: false, missing_users: "archive" },
  async (service, sql) => {
    await service.import("all.csv", roster(0));
    await givePermits(sql);
    const { id, missing_held } = await service.import("spring.csv", roster(0, 25));

    assert.equal(missing_held, 15);
    const { held: [user] } = await heldOf(service, id, "?limit=1");
    assert.deepEqual([user.unique_id, user.line, user.missing, user.effect], ["u26", null, true, "archive"]);
    const { answer } = await decide(service, id, "approve") as { answer: Record<string, number> };
    assert.deepEqual([answer.archived, answer.permits_released], [15, 15]);
    assert.deepEqual(await access(sql), { users: 25, permits: 25 });
  },
);

onServer("the log records decisions with numbers of users, but without their names", GUARDED, async (service) => {
  await service.import("all.csv", roster(0));
  const { id } = await service.import("spring.csv", roster(10));
  await decide(service, id, "approve");
  await decide(service, id, "undo");
  const events = service.lines.map((line) => JSON.parse(line)).filter(({ event }) => /hold|undone/.test(event));
  assert.deepEqual(events.map(({ time: _, level: _level, ...fields }) => fields), [
    { event: "hold_approved", import: id, by: "admin", archived: 10, disabled: 0, permits_released: 0, left_out: 0 },
    ...[{ event: "import_undone", import: id, by: "admin", restored: 10, archived: 0 }].map((fields) => ({
      ...fields,
      ...{ permits_restored: 0, permits_released: 0, left_out: 0 },
    })),
  ]);
  assert.doesNotMatch(service.lines.join(""), /u0\d|Anna|example\.edu/);
});

onServer(
  "held users are kept beyond the retention period until the decision, and are then deleted with the undo data",
  { ...GUARDED, bak_retention_days: 7 },
  async (service, sql) => {
    await service.import("all.csv", roster(0));
    const { id } = await service.import("spring.csv", roster(10) + "u99,,,,,\n");
    await until("it is mailed", async () => (await entryOf(service, id)).mail === "sent");
    const old = () =>
      sql`
      update rosterd.imports set finished_at = now() - interval '8 days',
        hold_ended_at = hold_ended_at - interval '8 days'`;
    const left = async () =>
      (await sql<{ held: number; failures: number; changes: number; open: boolean }[]>`
      select cleared_at is null as open,
        (select count(*) from rosterd.import_held where import_id = ${id}) as held,
        (select count(*) from rosterd.import_failures where import_id = ${id}) as failures,
        (select count(*) from rosterd.import_changes where import_id = ${id}) as changes
      from rosterd.imports where id = ${id}`)[0];
    const cleared = () =>
      until(
        "the first import is cleared",
        async () => (await sql`select from rosterd.imports where id <> ${id} and cleared_at is null`).length === 0,
      );

    await old();
    await service.restart();
    await cleared();
    assert.deepEqual({ ...await left() }, { open: true, held: 10, failures: 1, changes: 10 });
    assert.equal((await service.bak()).length, 2);

    // Although the import is old, it can still be undone because of the recent decision.
    await decide(service, id, "approve");
    const other = await service.import("other.csv", roster(10));
    await until(
      "the decision is mailed",
      async () => (await sql`select from rosterd.outbox where sent_at is null`).length === 0,
    );
    await sql`update rosterd.imports set finished_at = now() - interval '8 days' where id = ${other.id}`;
    await service.restart();
    await cleared();
    assert.deepEqual({ ...await left() }, { open: true, held: 10, failures: 1, changes: 10 });

    await old();
    await service.restart();
    await until("it is cleared", async () => !(await left()).open);
    assert.deepEqual({ ...await left() }, { open: false, held: 0, failures: 0, changes: 0 });
    const { status, answer } = await decide(service, id, "undo");
    assert.deepEqual([status, (answer as { problems: { code: string }[] }).problems[0].code], [409, "undo_cleared"]);
  },
);

Deno.test("holds, approvals, discards and undos also work with the embedded database", async () => {
  await using service = await TestService.start({ databaseUrl: null, settings: GUARDED });
  await service.import("all.csv", roster(0));
  const { id } = await service.import("spring.csv", roster(10));

  const [mail] = await service.smtp.received(1);
  assert.equal(mail.attachments[0].content.toString().split("\r\n").length, 12);
  assert.equal((await heldOf(service, id)).held.length, 10);
  assert.deepEqual((await holdsOf(service)).map(({ users }) => users), [10]);
  const approved = await decide(service, id, "approve");
  assert.deepEqual([approved.status, (approved.answer as { archived: number }).archived], [200, 10]);
  assert.deepEqual(await holdsOf(service), []);
  assert.equal((await decide(service, id, "approve")).status, 409);
  const undone = await decide(service, id, "undo");
  assert.deepEqual([undone.status, (undone.answer as { restored: number }).restored], [200, 10]);
  const again = await service.import("spring.csv", roster(10));
  assert.deepEqual(await decide(service, again.id, "discard"), {
    status: 200,
    answer: { discarded: 10, left_out: [], left_out_total: 0 },
  });
});

function gzipped(text: string): Promise<Uint8Array> {
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}
