/** Failures are compared with those of earlier imports: new, known with their date, and fixed. */
import assert from "node:assert/strict";
import type { ImportEntry, PastFailure } from "../../src/importer/ports.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

function withService(
  name: string,
  test: (service: TestService) => Promise<void>,
  { settings = {}, embedded = false }: { settings?: Record<string, unknown>; embedded?: boolean } = {},
): void {
  Deno.test({
    name,
    ignore: !embedded && unavailable !== null,
    async fn() {
      if (embedded) {
        await using service = await TestService.start({ databaseUrl: null, settings });
        return await test(service);
      }
      await using database = (await testDatabase())!;
      await using service = await TestService.start({ databaseUrl: database.url, settings });
      await test(service);
    },
  });
}

const HEADER = "unique_id,login_source,email,date_of_birth\n";
const roster = (...records: string[]) => HEADER + records.map((record) => `${record}\n`).join("");
const GOOD = "1,ldap,one@example.edu,2001-01-01";
const BAD_DATE = "2,ldap,two@example.edu,31/12/1999";
const BAD_EMAIL = "3,ldap,three,2001-01-01";
const MALFORMED = "4,ldap,four@example.edu";
const TAKEN = "5,ldap,one@example.edu,2001-01-01";

/** The numbers of new, known and fixed failures. */
function told({ failed, failed_new, failed_fixed }: ImportEntry): [number, number, number] {
  return [failed_new, failed - failed_new, failed_fixed];
}

/** For each unique_id, when its record first failed. */
async function since(service: TestService, { id }: ImportEntry): Promise<Record<string, string>> {
  const { failures } = await service.get<{ failures: PastFailure[] }>(`/imports/${id}/failures`);
  return Object.fromEntries(failures.map(({ unique_id, since }) => [unique_id ?? "-", since]));
}

for (const embedded of [false, true]) {
  withService(
    `failures are reported as new once, then as known since the first import, then as fixed${
      embedded ? " (embedded)" : ""
    }`,
    async (service) => {
      const first = await service.import("x.csv", roster(GOOD, BAD_DATE, MALFORMED, TAKEN));
      assert.deepEqual(told(first), [3, 0, 0]);
      const second = await service.import("x.csv", roster(BAD_EMAIL, GOOD, TAKEN, MALFORMED, BAD_DATE));
      assert.deepEqual(told(second), [1, 3, 0]);
      assert.deepEqual(await since(service, second), {
        "2": first.started_at,
        "3": second.started_at,
        "5": first.started_at,
        "-": first.started_at,
      });
      const third = await service.import("x.csv", roster(GOOD, BAD_EMAIL, "2,ldap,two@example.edu,1999-12-31"));
      assert.deepEqual(told(third), [0, 1, 2]);
      assert.deepEqual(await since(service, third), { "3": second.started_at });
      const fourth = await service.import("x.csv", roster(GOOD, BAD_DATE));
      assert.deepEqual(told(fourth), [1, 0, 0], "a failure that comes back is new");
    },
    { embedded },
  );
}

withService(
  "a record with another value or an additional problem is a new failure, but one with fewer problems is not",
  async (service) => {
    const both = await service.import("x.csv", roster("2,ldap,two,31/12/1999"));
    assert.deepEqual(told(both), [1, 0, 0]);
    const one = await service.import("x.csv", roster("2,ldap,two,1999-12-31"));
    assert.deepEqual(told(one), [0, 1, 0]);
    assert.deepEqual(await since(service, one), { "2": both.started_at });
    assert.deepEqual(told(await service.import("x.csv", roster("2,ldap,second,1999-12-31"))), [1, 0, 1]);
  },
);

withService("a delta file does not end failures of users whom it does not name", async (service) => {
  const full = await service.import("x.csv", roster(GOOD, BAD_DATE, BAD_EMAIL, MALFORMED));
  const delta = await service.import("delta.csv", roster("1,ldap,uno@example.edu,2001-01-01"));
  assert.deepEqual(told(delta), [0, 0, 0]);
  const next = await service.import("x.csv", roster(GOOD, BAD_DATE, BAD_EMAIL, MALFORMED));
  assert.deepEqual(told(next), [0, 3, 0]);
  assert.deepEqual(await since(service, next), {
    "2": full.started_at,
    "3": full.started_at,
    "-": full.started_at,
  });
});

withService(
  "a failed-records file that is dropped back does not end other failures, and the failures keep their dates",
  async (service) => {
    const first = await service.import("x.csv", roster(GOOD, BAD_DATE, BAD_EMAIL, MALFORMED));
    const file = await service.readBak(first.failed_file!);
    const [header, ...rows] = file.trim().split("\r\n");
    assert.ok(header.endsWith("rosterd_line,rosterd_column,rosterd_code,rosterd_since,rosterd_record,rosterd_reason"));
    assert.ok(rows[0].includes(`,9033,${first.started_at.replace(/\.\d+/, "")},`), rows[0]);

    const corrected = [header, rows[0], rows[1].replace("three,", "three@example.edu,")].join("\r\n");
    const back = await service.import("corrected.csv", corrected);
    assert.deepEqual(told(back), [0, 1, 1]);
    assert.deepEqual(await since(service, back), { "2": first.started_at });

    const night = await service.import(
      "x.csv",
      roster(GOOD, BAD_DATE, MALFORMED, "3,ldap,three@example.edu,2001-01-01"),
    );
    assert.deepEqual(told(night), [0, 2, 0]);
    assert.deepEqual(await since(service, night), { "2": first.started_at, "-": first.started_at });
  },
);

withService(
  "a record that returns to its last applied form counts as fixed, even though the user is unchanged",
  async (service) => {
    const good = "2,ldap,two@example.edu,1999-12-31";
    await service.import("x.csv", roster(GOOD, good));
    await service.import("x.csv", roster(GOOD, BAD_DATE));
    const back = await service.import("x.csv", roster(GOOD, good));
    assert.deepEqual([...told(back), back.unchanged], [0, 0, 1, 2]);
  },
);

withService("a trial also compares failures, and each feed is compared only with itself", async (service) => {
  assert.deepEqual(told(await service.import("x.csv", roster(GOOD, BAD_DATE))), [1, 0, 0]);
  assert.deepEqual(told(await service.import("x.csv", roster(GOOD, BAD_DATE, BAD_EMAIL))), [1, 1, 0]);
  assert.deepEqual(told(await service.import("staff/x.csv", roster(BAD_DATE))), [1, 0, 0]);
}, { settings: { apply: false, feeds: { staff: {} } } });
