/** The settings suggested by `check` fix the roster's problems. */
import assert from "node:assert/strict";
import { mergePatch } from "../../src/domain/merge_patch.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../src/domain/settings.ts";
import { countsOf, onServer } from "./roster_database.ts";

const MOODLE = [
  "username,firstname,lastname,email,idnumber,auth,suspended,country",
  "ada,Ada,Lovelace,ada@example.edu,1,manual,0,CA",
  "bob,Bob,Martin,bob@example.edu,2,ldap,1,CA",
  "",
].join("\n");

const KOHA = [
  "cardnumber;surname;firstname;dateofbirth;state;email;enabled",
  "1;Roy;Zoé;31/12/1999;Québec;zoe@example.edu;Y",
  "2;Roy;Léo;30/11/1999;Ontario;leo@example.edu;n",
  "",
].join("\n");

onServer("one proposal fixes a rejected header and maps the reversed values of the column suspended", async (db) => {
  const before = await db.check(MOODLE);
  assert.deepEqual([before.status, before.reason?.code], ["rejected", "header"]);
  assert.deepEqual(before.findings.map(({ kind, header, value, suggestion }) => [kind, header, value, suggestion]), [
    ["unknown_header", "idnumber", null, "unique_id"],
    ["unknown_header", "auth", null, "login_source"],
    ["unknown_header", "suspended", null, "active"],
    ["unknown_header", "country", null, null],
    ["opposite_value", "suspended", "0", "1"],
    ["opposite_value", "suspended", "1", "0"],
  ]);
  assert.deepEqual(before.first_records.map(({ values }) => [values.unique_id, values.active]), [["1", "1"], [
    "2",
    "0",
  ]]);
  assert.deepEqual(await db.users(), {});

  const settings = mergePatch(DEFAULT_SETTINGS, before.proposal?.patch) as Settings;
  const after = await db.check(MOODLE, { settings });
  assert.deepEqual([after.status, countsOf(after), after.proposal], ["done", { records: 2, created: 2 }, null]);
  assert.deepEqual(after.findings.map(({ kind, header }) => [kind, header]), [["unknown_header", "country"]]);
});

onServer(
  "the proposal also covers values and dates under renamed headers, and the counts use the current settings",
  async (db) => {
    const report = await db.check(KOHA);
    assert.deepEqual(countsOf(report), {});
    assert.deepEqual(report.proposal?.patch, {
      header_aliases: { cardnumber: "unique_id", surname: "last_name", enabled: "active" },
      defaults: { login_source: "sso" },
      value_maps: { province: { "Québec": "QC", Ontario: "ON" }, active: { Y: "1", n: "0" } },
      date_format: "DD/MM/YYYY",
    });
    assert.deepEqual(report.first_records.map(({ line, values }) => [line, values.data_of_birth, values.province]), [
      [2, "1999-12-31", "QC"],
      [3, "1999-11-30", "ON"],
    ]);

    const known = {
      header_aliases: { cardnumber: "unique_id", surname: "last_name" },
      defaults: { login_source: "sso" },
    };
    const failing = await db.check(KOHA, { settings: known });
    assert.deepEqual([countsOf(failing), failing.failures.length], [{ records: 2, failed: 2 }, 2]);
    const settings = mergePatch({ ...DEFAULT_SETTINGS, ...known }, failing.proposal?.patch) as Settings;
    assert.deepEqual(countsOf(await db.check(KOHA, { settings })), { records: 2, created: 2 });
  },
);

onServer("findings do not quote private values that fail", async (db) => {
  const roster =
    "unique_id,login_source,email,phone_cell,active\n1,ldap,nobody at all,1.23E+11,perhaps\n2,ldap,,,\n3,ldap,,,\n";
  const { findings, proposal, failed } = await db.check(roster);
  assert.deepEqual(findings.map(({ column, value }) => [column, value]), [["active", "perhaps"]]);
  assert.deepEqual([proposal, failed], [null, 1]);
});

onServer("a header below title lines is recognized by the column names of other systems, and fixed", async (db) => {
  const roster = [
    "Campus Registry – term 2027",
    "",
    "Student ID|Surname|Given Name|Enrolment",
    "1|Roy|Zoé|A",
    "2|Roy|Léo|A",
    "",
  ].join("\n");
  const before = await db.check(roster);
  assert.deepEqual([before.status, before.reason?.code], ["rejected", "header"]);
  assert.deepEqual(before.proposal?.patch, {
    header_aliases: { "Student ID": "unique_id", Surname: "last_name", "Given Name": "first_name" },
    defaults: { login_source: "sso" },
  });
  assert.deepEqual(before.first_records.map(({ line }) => line), [4, 5]);
  const settings = mergePatch(DEFAULT_SETTINGS, before.proposal?.patch) as Settings;
  assert.deepEqual(countsOf(await db.check(roster, { settings })), { records: 2, created: 2 });
});

onServer("a header whose values do not fit its column is not suggested", async (db) => {
  const roster = (statuses: string[]) =>
    "unique_id,login_source,status,region,mail,dob\n" +
    statuses.map((status, at) => `${at},ldap,${status},EMEA,stop ${at},spring\n`).join("");
  const part = await db.check(roster(["FT", "PT", "A"]));
  assert.deepEqual([part.status, part.proposal], ["done", null]);
  assert.deepEqual(part.findings.map(({ header, suggestion }) => [header, suggestion]), [
    ["status", null],
    ["region", null],
    ["mail", null],
    ["dob", null],
  ]);
  assert.equal(part.first_records.length, 3);
  const most = await db.check(roster(["A", "active", "0", "I", "FT"]));
  assert.deepEqual(most.proposal?.patch, {
    header_aliases: { status: "active" },
    value_maps: { active: { A: "1", active: "1", I: "0" } },
  });
  assert.deepEqual(most.findings.find(({ value }) => value === "FT")?.suggestion, null);
});
