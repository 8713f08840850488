/** The settings for exports: value maps, defaults, date formats, fill-only columns and damaged values. */
import assert from "node:assert/strict";
import {
  csvOf,
  type ImportReport,
  onEachDatabase,
  onServer,
  type RosterDatabase,
  type User,
} from "./roster_database.ts";
import { importYields, transactionOf, withOther } from "./locks/other_program.ts";

const reasons = ({ failures }: Pick<ImportReport, "failures">) =>
  failures.map(({ line, problems }) => [line, ...problems.map(({ code, reason }) => `${code} ${reason}`)]);

const pick = (user: User, ...names: string[]) => Object.fromEntries(names.map((name) => [name, user[name]]));

onEachDatabase(
  "a value map replaces values after trimming and ignores case; other values get the ordinary checks",
  async (db) => {
    const settings = {
      archive_inactive_users: true,
      archive_guard: { max_percent: 100, min_users: 20 },
      value_maps: {
        active: { Y: "1", N: "0" },
        province: { "Ontario": "on", "Québec": "QC", "N/A": "" },
        city: { "-": "(clear)" },
      },
    };
    await db.addUsers({ unique_id: "1", city: "Ottawa" }, { unique_id: "2" }, { unique_id: "6", province: "ON" });

    const report = await db.import(
      `unique_id,login_source,active,province,city
1,ldap, y ,ONTARIO,-
2,ldap,"n",Québec,Hull
3,ldap,Y,Ontario,"Two ""Hills"""
4,ldap,maybe,Ontario,
5,ldap,N,Québec,
6,ldap,,n/a,
`,
      { settings },
    );

    assert.deepEqual(reasons(report), [[5, '9033 active "maybe" must be 0 or 1']]);
    const users = await db.users();
    assert.deepEqual(pick(users["1"], "active", "province", "city"), { active: true, province: "ON", city: null });
    assert.deepEqual(pick(users["2"], "archived", "province", "city"), {
      archived: true,
      province: "QC",
      city: "Hull",
    });
    assert.deepEqual(pick(users["3"], "active", "province", "city"), {
      active: true,
      province: "ON",
      city: 'Two "Hills"',
    });
    assert.deepEqual(pick(users["5"], "archived", "province"), { archived: true, province: "QC" });
    assert.equal(users["6"].province, "ON", "a value mapped to an empty one keeps the user's value");
  },
);

onServer("a mapped value may be longer than the original, for any number of records", async (db) => {
  const long = "A city with a name of nearly fifty characters, ok";
  const records = Array.from(
    { length: 5_000 },
    (_, at) => ({ unique_id: `u${at}`, login_source: "ldap", city: "x", active: "1" }),
  );
  await db.import(csvOf(records), {
    settings: { value_maps: { city: { x: long }, login_source: { LDAP: "a quite long source" } } },
  });
  const [{ count }] = await db.sql`
    select count(*) as count from rosterd.users where city = ${long} and login_source = 'a quite long source'`;
  assert.equal(count, 5_000);
});

onEachDatabase(
  "a default fills only missing values, and a roster without login_source is accepted with a default",
  async (db) => {
    const settings = {
      defaults: { login_source: "sso", city: "Ottawa", province: "on", data_of_birth: "31/12/1999" },
      date_format: "DD/MM/YYYY" as const,
    };
    const first = await db.import("unique_id,email,city\n1,a@x.org,\n2,b@x.org,Hull\n3,,(clear)\n", { settings });
    assert.equal(first.created, 3);
    let users = await db.users();
    const names = ["login_source", "city", "province", "date_of_birth"];
    const full = { login_source: "sso", city: "Ottawa", province: "ON", date_of_birth: "1999-12-31" };
    assert.deepEqual(pick(users["1"], ...names), full);
    assert.deepEqual(pick(users["2"], ...names), { ...full, city: "Hull" });
    assert.deepEqual(pick(users["3"], ...names), { ...full, city: null }, "an explicit clear wins");

    await db.addUsers({ unique_id: "4", login_source: "ldap", city: null }, { unique_id: "5", city: "Hull" });
    const second = await db.import("unique_id,email,city,login_source\n4,,,\n5,,,ldap\n6,,,\n", {
      settings: { ...settings, empty_values: "clear", required_columns: ["city"] },
    });
    assert.deepEqual([second.created, second.updated, second.failed], [1, 2, 0]);
    users = await db.users();
    assert.deepEqual(pick(users["4"], ...names), { ...full, login_source: "ldap" });
    assert.deepEqual(pick(users["5"], ...names), { ...full, login_source: users["5"].login_source, city: "Hull" });
    assert.deepEqual(pick(users["6"], ...names), full);

    const again = await db.import("unique_id,email,city\n1,a@x.org,\n2,b@x.org,Hull\n", { settings });
    assert.equal(again.unchanged, 2);
  },
);

onServer("if another program clears a value, the user gets the default again", async (db) => {
  const roster = "unique_id,login_source,city\n1,ldap,\n2,ldap,\n", settings = { defaults: { city: "Ottawa" } };
  await db.import(roster, { settings });
  await db.sql`update rosterd.users set city = null where unique_id = '1'`;
  const report = await db.import(roster, { settings });
  assert.deepEqual([report.updated, report.unchanged], [1, 1]);
  assert.equal((await db.users())["1"].city, "Ottawa");
});

onServer("dates are read in the format of date_format and in ISO format", async (db) => {
  const roster = (...dates: string[]) =>
    csvOf(dates.map((data_of_birth, at) => ({ unique_id: `${at + 1}`, login_source: "ldap", data_of_birth })));
  const datesOf = async () => Object.values(await db.users()).map(({ date_of_birth }) => date_of_birth);
  const cases = {
    "DD/MM/YYYY": ["31/12/1999", "1.2.2000", "03-04-2001", "1999-12-31"],
    "MM/DD/YYYY": ["12/31/1999", "2.1.2000", "04-03-2001", "1999-12-31"],
    "YYYYMMDD": ["19991231", "20000201", "20010403", "1999-12-31"],
    "DD-MON-YYYY": ["31-DEC-1999", "1/feb/2000", "03.April.2001", "1999-12-31"],
  };
  for (const [date_format, dates] of Object.entries(cases)) {
    await db.clear();
    const report = await db.import(roster(...dates), { settings: { date_format: date_format as "YYYYMMDD" } });
    assert.deepEqual(reasons(report), []);
    assert.deepEqual(await datesOf(), ["1999-12-31", "2000-02-01", "2001-04-03", "1999-12-31"], date_format);
  }
  await db.clear();
  const report = await db.import(roster("31/13/1999", "30/2/2000", "1/1/2999", "1/1/99", "1/1-1999", "13 May 1999"), {
    settings: { date_format: "DD/MM/YYYY" },
  });
  assert.deepEqual(reasons(report).map(([, reason]) => reason), [
    '9033 data_of_birth "31/13/1999" is not a real date: check the day and the month',
    '9033 data_of_birth "30/2/2000" is not a real date: check the day and the month',
    '9033 data_of_birth "1/1/2999" is in the future: check the year',
    '9033 data_of_birth "1/1/99" must look like 31/12/1999 or 1999-12-31',
    '9033 data_of_birth "1/1-1999" must look like 31/12/1999 or 1999-12-31',
    '9033 data_of_birth "13 May 1999" must look like 31/12/1999 or 1999-12-31',
  ]);
});

onServer("if most dates fail but match one format, a warning names the format", async (db) => {
  const warningsOf = async (...dates: string[]) => {
    const records = dates.map((data_of_birth, at) => ({ unique_id: `${at}`, login_source: "ldap", data_of_birth }));
    return (await db.check(csvOf(records))).warnings.map(({ code, text }) => `${code}: ${text}`);
  };
  assert.deepEqual(await warningsOf("31/12/1999", "1/2/2000", "1999-01-01"), [
    "date_format: 2 dates look like DD/MM/YYYY: set date_format",
  ]);
  assert.deepEqual(await warningsOf("3/4/1999", "1/2/2000"), [
    "date_format: 2 dates look like DD/MM/YYYY or MM/DD/YYYY: set date_format",
  ]);
  assert.deepEqual(await warningsOf("31/12/1999", "1999-01-02", "1999-01-01"), []);
});

onServer(
  "if more than half of the records fail in a column, one warning names the values and the setting",
  async (db) => {
    const report = await db.import(
      "unique_id,login_source,active,phone_cell\n1,,Y,x\n2,,N,x\n3,ldap,Y,x\n4,,1,x\n",
      {},
    );
    assert.deepEqual(report.warnings.filter(({ code }) => code === "values_fail").map(({ text }) => text), [
      "3 of 4 records fail on login_source: no value (3). Set defaults.login_source",
      '3 of 4 records fail on active: "Y" (2), "N" (1). Set value_maps.active',
    ]);
  },
);

onServer(
  "a fill-only column fills missing values, and a kept value is reported and claims nothing",
  async (db) => {
    await db.addUsers(
      { unique_id: "1", phone_cell: "111", email: "own@x.org" },
      { unique_id: "2", phone_cell: null, email: null },
      { unique_id: "3", phone_cell: "333" },
      { unique_id: "4", phone_cell: "444" },
    );
    const settings = { fill_only_columns: ["phone_cell", "email"], empty_values: "clear" as const };
    const roster = `unique_id,login_source,phone_cell,email
1,ldap,999,taken@x.org
2,ldap,222,taken@x.org
3,ldap,(clear),
4,ldap,,
5,ldap,555,five@x.org
`;
    const check = await db.check(roster, { settings });
    assert.deepEqual(check.kept, [
      { line: 2, unique_id: "1", column: "email", roster: "taken@x.org", kept: "own@x.org" },
      { line: 2, unique_id: "1", column: "phone_cell", roster: "999", kept: "111" },
    ]);
    for (const night of [1, 2]) {
      const report = await db.import(roster, { settings });
      assert.deepEqual(reasons(report), []);
      assert.deepEqual(report.warnings, [
        { code: "kept", text: "email of 1 user differs from the roster and was kept" },
        { code: "kept", text: "phone_cell of 1 user differs from the roster and was kept" },
      ], `night ${night}`);
    }
    const users = await db.users();
    assert.deepEqual(Object.values(users).map(({ phone_cell, email }) => [phone_cell, email]), [
      ["111", "own@x.org"],
      ["222", "taken@x.org"],
      [null, users["3"].email],
      ["444", users["4"].email],
      ["555", "five@x.org"],
    ]);
  },
);

onServer(
  "a number that a spreadsheet rewrote fails, and so does a new id that is a known id without its zeros",
  async (db) => {
    await db.addUsers({ unique_id: "00123" }, { unique_id: "0456" }, { unique_id: "00456" });
    const roster = `unique_id,login_source,student_no,city
1.23E+11,ldap,,
a1,ldap,"1,5E+10",
123,ldap,,
456,ldap,,
789,ldap,1.5,1.5E+10
790,ldap,,
791,ldap,,
`;
    const report = await db.import(roster, {});
    assert.deepEqual(reasons(report), [
      [2, '9033 unique_id "1.23E+11" is damaged: a spreadsheet has rewritten this number, so type the number again'],
      [3, '9033 student_no "1,5E+10" is damaged: a spreadsheet has rewritten this number, so type the number again'],
      [4, '9033 unique_id "123" looks like 00123 without its leading zeros: enter the unique_id with its zeros'],
    ]);
    assert.equal(report.created, 4);
    assert.deepEqual(reasons(await db.import(roster, {})), reasons(report), "the next night reports them again");

    const off = await db.import(roster, { settings: { detect_spreadsheet_damage: false } });
    assert.deepEqual([off.failed, off.created], [0, 3]);
  },
);

onServer("a lost zero is reported every night, even after another program changed a user", async (db) => {
  await db.addUsers({ unique_id: "007" }, { unique_id: "a", city: "Ottawa" });
  const others = Array.from(
    { length: 255 },
    (_, at) => `u${at},ldap,${"so long that it is worth loading the cache".repeat(2)}`,
  );
  const roster = [
    "unique_id,login_source,street,city",
    "7,ldap,,",
    "a,ldap,,Hull",
    ...others.map((one) => `${one},`),
    "",
  ].join("\n");
  await withOther(db, async (other) => {
    const edit = transactionOf(other, async (tx) => {
      await tx`update rosterd.users set city = 'Aylmer' where unique_id = 'a'`;
    });
    await edit.begun;
    const importing = db.import(roster);
    await importYields(db);
    await edit.commit();
    assert.equal((await importing).failed, 1);
  });

  const again = await db.import(roster);

  assert.deepEqual([again.failed, again.unchanged], [1, 256]);
});

onServer("a rewritten number is recognized even if a no-break space follows it", async (db) => {
  const report = await db.check("unique_id,login_source,phone_cell\n1,ldap,1.23E+11\u00a0\n2,ldap,\n3,ldap,\n", {});
  assert.deepEqual(reasons(report), [
    [2, '9033 phone_cell "1.23E+11" is damaged: a spreadsheet has rewritten this number, so type the number again'],
  ]);
});

onServer("a roster is rejected if more than half of its records are damaged", async (db) => {
  await db.addUsers({ unique_id: "00123" });
  const report = await db.import(
    "unique_id,login_source,city\n1.23E+11,ldap,\n123,ldap,\n3,ldap,Qu\ufffdbec\n4,ldap,\n",
    {},
  );
  assert.equal(report.status, "rejected");
  assert.equal(report.reason?.code, "spreadsheet_damage");
  assert.match(
    report.reason?.text ?? "",
    /^3 of 4 records have a damaged value: .* In the first damaged record, unique_id "1\.23E\+11"/,
  );
  assert.deepEqual(Object.keys(await db.users()), ["00123"]);
});

onServer("check shows the first records as they would be stored", async (db) => {
  await db.addUsers({ unique_id: "1", city: "Ottawa", province: "QC", active: false, state: "disabled" });
  const { first_records } = await db.check("unique_id,city,province,active\n1,,on,\n2, Hull ,,N\n3,,Ontarioo,\n", {
    settings: { defaults: { login_source: "sso" }, value_maps: { active: { N: "0" } } },
  });
  assert.deepEqual(first_records, [
    { line: 2, values: { unique_id: "1", login_source: "ldap", city: "Ottawa", province: "ON", active: "0" } },
    { line: 3, values: { unique_id: "2", login_source: "sso", city: "Hull", province: null, active: "0" } },
  ]);
});

onServer("missing users are found even if login_source comes from a default", async (db) => {
  const settings = {
    defaults: { login_source: "ldap" },
    missing_users: "archive" as const,
    archive_guard: { max_percent: 100, min_users: 20 },
  };
  await missingOf(db, "unique_id,city\n1,Hull\n", settings);
  await missingOf(db, "unique_id,city,login_source\n1,Hull,\n9,Hull,\n", settings);
});

async function missingOf(
  db: RosterDatabase,
  roster: string,
  settings: Parameters<RosterDatabase["import"]>[1] extends { settings?: infer S } | undefined ? S : never,
) {
  await db.clear();
  await db.addUsers({ unique_id: "1", login_source: "ldap" }, { unique_id: "2", login_source: "ldap" }, {
    unique_id: "3",
    login_source: "sso",
    feeds: {},
  });
  const report = await db.import(roster, { settings });
  assert.equal(report.missing_archived, 1);
  assert.equal((await db.users())["2"].archived, true);
  assert.equal((await db.users())["3"].archived, false);
}
