/**
 * Tests HTTP with a whole service on a real database: concurrent admins, paging, hostile parameters and hostile names.
 */
import assert from "node:assert/strict";
import type { SettingsHistoryPage } from "../../src/domain/stored_settings.ts";
import type { StatusDocument } from "../../src/http/service.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import type { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";
import { onService } from "./http_case.ts";

function patch(service: TestService, changes: unknown, ifMatch?: string): Promise<Response> {
  const headers = { "content-type": "application/json", ...(ifMatch === undefined ? {} : { "if-match": ifMatch }) };
  return service.fetch("/settings", { method: "PATCH", body: JSON.stringify(changes), headers });
}

onService(
  "If 20 admins change the same settings at once, exactly one succeeds and the others get an error",
  {},
  async (service) => {
    for (let round = 0; round < 5; round++) {
      const seen = await service.fetch("/settings");
      const etag = seen.headers.get("etag")!;
      await seen.body?.cancel();
      const wanted = Array.from({ length: 20 }, (_, admin) => 10 + round * 20 + admin);
      const answers = await Promise.all(wanted.map((interval_minutes) => patch(service, { interval_minutes }, etag)));
      const documents = await Promise.all(answers.map((answer) => answer.json()));
      const winners = wanted.filter((_, admin) => answers[admin].status === 200);
      assert.equal(winners.length, 1);
      assert.equal(answers.filter(({ status }) => status === 412).length, 19);
      assert.deepEqual(
        documents.filter(({ status }) => status === 412).map(({ title }) => title),
        Array(19).fill("Precondition Failed"),
      );
      assert.equal((await service.get<{ interval_minutes: number }>("/settings")).interval_minutes, winners[0]);
    }
    const { changes } = await service.get<SettingsHistoryPage>("/settings/history");
    assert.equal(changes.length, 5);
  },
);

onService(
  "If admins change different settings at once without an ETag, no change is lost",
  {},
  async (service) => {
    const changes = [
      { bak_retention_days: 7 },
      { expected_every_hours: 8 },
      { clear_token: "none" },
      { user_types: ["student"] },
      { smtp: { user: "" } },
      { header_aliases: { Nummer: "student_no" } },
    ];
    const answers = await Promise.all(changes.map((change) => patch(service, change)));
    assert.deepEqual(answers.map(({ status }) => status), changes.map(() => 200));
    await Promise.all(answers.map((answer) => answer.body?.cancel()));
    const settings = await service.get<Record<string, unknown>>("/settings");
    for (const change of changes.filter((each) => !("smtp" in each))) {
      for (const [key, value] of Object.entries(change)) assert.deepEqual(settings[key], value);
    }
  },
);

onService(
  "The password from the environment is sent only to the configured mail server",
  {},
  async (service) => {
    await using other = await startSmtpServer({ security: "none" });
    const refused = await patch(service, { smtp: { port: other.port, password: "***" } });
    const { errors } = await refused.json();
    assert.deepEqual([refused.status, errors.map(({ key }: { key: string }) => key)], [422, ["smtp.password"]]);
    const changed = await patch(service, { smtp: { port: other.port, password: "secret-of-the-process" } });
    assert.equal((await changed.json()).smtp.port, other.port);
    assert.ok(!(await Deno.readTextFile(service.config.settings)).includes("secret-of-the-process"));
  },
  { ROSTERD_SMTP_PASSWORD: "secret-of-the-process" },
);

/** Names and ids that break quoting, paging and headers. */
const IDS = [
  "a b",
  "a%2Fb",
  "a&b=c",
  "'; drop table rosterd.users; --",
  "ü",
  "😀",
  "Z",
  "z",
  "ﬀ",
  "1",
  "01",
  "a+b",
  "#",
];

/** Reads all pages, with one item per page. */
async function oneByOne<T>(service: TestService, path: string, list: string, parameter: string): Promise<T[]> {
  const all: T[] = [];
  let next: string | number | null = null;
  do {
    const query: string = next === null ? "" : `&${parameter}=${encodeURIComponent(next)}`;
    const page: Record<string, unknown> = await service.get(`${path}?limit=1${query}`);
    const items = page[list] as T[];
    assert.ok(items.length <= 1);
    all.push(...items);
    next = page.next as string | number | null;
    assert.ok(all.length < 100, "the paging ends");
  } while (next !== null);
  return all;
}

const HOLDS_ALL = { archive_inactive_users: true, archive_guard: { max_percent: 0, min_users: 0 } };

onService("With pages of one item, every item is listed once and in order", HOLDS_ALL, async (service) => {
  const record = (id: string, active: number) => `"${id}",ldap,${active}`;
  const rosterOf = (active: number) =>
    ["unique_id,login_source,active", ...IDS.map((id) => record(id, active))].join("\n") + "\n";
  await service.import("all.csv", rosterOf(1));
  await service.import(
    "bad.csv",
    "unique_id,login_source,active\n" + IDS.map((id) => `"x${id}",ldap,maybe\n`).join(""),
  );
  await service.import("left.csv", rosterOf(0));
  for (let number = 0; number < 4; number++) await service.import(`more-${number}.csv`, rosterOf(1));

  const { imports } = await service.get<{ imports: ImportEntry[] }>("/imports");
  assert.equal(imports.length, 7);
  // Meanwhile, the service sends the emails for these imports, so the mail status is left out.
  const ids = (entries: readonly ImportEntry[]) => entries.map(({ id }) => id);
  assert.deepEqual(ids(await oneByOne(service, "/imports", "imports", "before")), ids(imports));
  for (const [path, list] of [["/imports/2/failures", "failures"], ["/imports/3/held", "held"]]) {
    const whole = (await service.get<Record<string, unknown[]>>(`${path}?limit=1000`))[list];
    assert.equal(whole.length, IDS.length, path);
    assert.deepEqual(await oneByOne(service, path, list, "after"), whole);
  }
  for (let minutes = 100; minutes < 105; minutes++) {
    await (await patch(service, { interval_minutes: minutes })).body?.cancel();
  }
  const { changes } = await service.get<SettingsHistoryPage>("/settings/history");
  assert.equal(changes.length, 5);
  assert.deepEqual(await oneByOne(service, "/settings/history", "changes", "before"), changes);
});

const NO_NUMBERS = [
  "",
  "%20",
  "%201",
  "-1",
  "+1",
  "1.0",
  "1e2",
  "0x10",
  "NaN",
  "Infinity",
  "null",
  "true",
  "[]",
  "9007199254740992",
  "99999999999999999999",
  "9".repeat(5_000),
  "%00",
  "1%00",
  "%D9%A3",
  "%F0%9F%98%80",
  "1'--",
  "1;2",
  "%ED%A0%80",
];

onService(
  "Every call refuses hostile numbers in a query or a path with 422",
  {},
  async (service) => {
    await service.import("a.csv", "unique_id,login_source\nu1,ldap\n,ldap\n");
    let asked = 0;
    for (
      const path of [
        "/imports?limit=",
        "/imports?limit=1&limit=",
        "/imports?before=",
        "/imports/1/failures?limit=",
        "/imports/1/failures?after=",
        "/imports/1/held?limit=",
        "/settings/history?limit=",
        "/settings/history?before=",
      ]
    ) {
      for (const value of NO_NUMBERS) {
        const answer = await service.fetch(path + value);
        assert.equal(answer.status, 422, path + value);
        await answer.body?.cancel();
        asked++;
      }
    }
    for (const value of NO_NUMBERS.filter((each) => each !== "")) {
      for (const rest of ["", "/failures", "/held", "/failed.csv"]) {
        const answer = await service.fetch(`/imports/${value}${rest}`);
        assert.equal(answer.status, 422, value + rest);
        await answer.body?.cancel();
        asked++;
      }
    }
    console.log(`${asked} hostile numbers`);
  },
);

onService("Very large numbers and unusual ids cause no error", {}, async (service) => {
  await service.import("a.csv", "unique_id,login_source\nu1,ldap\n,ldap\n");
  const ids = [...IDS, "\ud800", "\u{10FFFF}", "x".repeat(1_000), "\\", "'", "%", "\t"];
  for (
    const [path, status] of [
      ["/imports?before=9007199254740991", 200],
      ["/imports/9007199254740991", 404],
      ["/imports/9007199254740991/failures", 404],
      ["/imports/9007199254740991/failed.csv", 404],
      ["/imports/1/failures?after=9007199254740991", 200],
      ["/settings/history?before=9007199254740991", 200],
      ...ids.map((id) => [`/imports/1/held?after=${encodeURIComponent(id.toWellFormed())}`, 200] as const),
    ] as const
  ) {
    const answer = await service.fetch(path);
    assert.equal(answer.status, status, path);
    await answer.body?.cancel();
  }
  const decision = await service.fetch("/imports/9007199254740991/undo", { method: "POST" });
  assert.equal(decision.status, 404);
  await decision.body?.cancel();
});

onService(
  "While the database refuses connections, every call that needs it responds with 503 and a time to retry",
  {},
  async (service, database) => {
    await service.import("a.csv", "unique_id,login_source\nu1,ldap\n,ldap\n");
    await database.refuse();
    const calls = [
      ["GET", "/imports"],
      ["GET", "/imports/1"],
      ["GET", "/imports/1/failures"],
      ["GET", "/imports/1/held"],
      ["GET", "/imports/1/failed.csv"],
      ["POST", "/imports/1/undo"],
    ];
    const askAll = async () => {
      for (const [method, path] of calls) {
        const answer = await service.fetch(path, { method });
        assert.equal(answer.status, 503, `${method} ${path}: ${await answer.text()}`);
        assert.match(answer.headers.get("retry-after")!, /^\d+$/);
      }
    };
    await askAll();
    // The database now exists but refuses connections, which is reported with a different code.
    const trouble = async () => (await service.get<StatusDocument>("/status")).database.text;
    await until(
      "it was tried again",
      async () => (await trouble())?.includes("is not accepting connections") ?? false,
      30_000,
    );
    await askAll();
    const ready = await service.fetch("/readyz");
    assert.deepEqual([ready.status, (await ready.json()).problems.length], [503, 1]);
  },
);
