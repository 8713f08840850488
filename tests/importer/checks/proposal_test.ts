/** The suggestions for the headers and values of other systems. */
import assert from "node:assert/strict";
import { columnPosition, COLUMNS } from "../../../src/domain/columns.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { Findings } from "../../../src/importer/checks/findings.ts";
import { joinFindings, proposalOf, withProposal } from "../../../src/importer/checks/proposal.ts";
import { findingsOf } from "../../../src/importer/checks/questions.ts";

/** Maps each header that has a suggestion to its column. */
function aliases(headers: string, settings: Partial<Settings> = {}): Record<string, string> {
  const found = new Findings();
  found.headers = headers.split(",");
  const asked = findingsOf(found, parseSettings(settings)).filter(({ kind }) => kind === "unknown_header");
  return Object.fromEntries(
    asked.flatMap(({ header, suggestion }) => suggestion === null ? [] : [[header, suggestion]]),
  );
}

/** Creates findings from failed values; maps each value to its count, with "" for a missing value. */
function failing(column: string, values: Record<string, number>, headers = ["uuid", "login_source", column]): Findings {
  const found = new Findings();
  found.headers = headers;
  const failures = found.column(COLUMNS.find(({ name }) => name === column)!);
  for (const [value, count] of Object.entries(values)) {
    for (let at = 0; at < count; at++) failures.addFailed(value);
    if (value !== "") failures.values += count;
  }
  return found;
}

/** Value → suggestion. */
function meant(column: string, values: string[], settings: Partial<Settings> = {}, headers?: string[]) {
  const found = failing(column, Object.fromEntries(values.map((value) => [value, 1])), headers);
  const asked = findingsOf(found, parseSettings(settings)).filter(({ kind }) => kind === "value");
  return Object.fromEntries(asked.map(({ value, suggestion }) => [value, suggestion]));
}

const SYSTEMS: Record<string, [headers: string, Record<string, string>]> = {
  Moodle: ["username,firstname,lastname,email,idnumber,auth,suspended,country", {
    idnumber: "unique_id",
    auth: "login_source",
    suspended: "active",
  }],
  "Canvas SIS": [
    "user_id,integration_id,authentication_provider_id,login_id,password,first_name,last_name,sortable_name,email,status",
    {
      user_id: "unique_id",
      authentication_provider_id: "login_source",
      login_id: "user_name",
      status: "active",
    },
  ],
  OneRoster: [
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,sms,phone",
    {
      sourcedId: "unique_id",
      givenName: "first_name",
      familyName: "last_name",
      sms: "phone_cell",
      role: "user_type_id",
      enabledUser: "active",
    },
  ],
  "School Data Sync": ["SIS ID,School SIS ID,First Name,Last Name,Username,Student Number,Status,Secondary Email", {
    "SIS ID": "unique_id",
    "Student Number": "student_no",
    Status: "active",
  }],
  Koha: ["cardnumber,surname,firstname,dateofbirth,userid,categorycode,address,city,zipcode,mobile,borrowernumber", {
    cardnumber: "unique_id",
    surname: "last_name",
    userid: "user_name",
    address: "street",
    zipcode: "postal_code",
    mobile: "phone_cell",
    categorycode: "user_type_id",
  }],
  "Snipe-IT": ["First Name,Last Name,Username,Email,Employee Num.,Phone,Activated", {
    "Employee Num.": "unique_id",
    Phone: "phone_cell",
    Activated: "active",
  }],
  "an HR export": ["Person ID,Employee Number,Given Name,Surname,E-Mail,Login Source,Employment Status,Postal Code", {
    "Person ID": "unique_id",
    "Employee Number": "employ_no",
    "Given Name": "first_name",
    Surname: "last_name",
    "Employment Status": "active",
  }],
  "a misspelt roster": ["unique_id,login_sorce,frist_name,favourite colour", {
    login_sorce: "login_source",
    frist_name: "first_name",
  }],
};

for (const [system, [headers, expected]] of Object.entries(SYSTEMS)) {
  Deno.test(`the headers of ${system} are proposed for their columns`, () => {
    assert.deepEqual(aliases(headers), expected);
  });
}

Deno.test("a column that the file has, or that an alias in the settings names, is not proposed for another header", () => {
  assert.deepEqual(aliases("unique_id,idnumber,mail,e-mail"), {});
  assert.deepEqual(aliases("Key,idnumber,auth", { header_aliases: { key: "unique_id" } }), { auth: "login_source" });
  const found = new Findings();
  found.headers = ["Key", "colour"];
  const [{ choices }] = findingsOf(found, parseSettings({ header_aliases: { key: "unique_id" } }));
  assert.deepEqual(choices, COLUMNS.map(({ name }) => name).filter((name) => name !== "unique_id"));
});

Deno.test("a header that means the opposite of active is proposed with a value map for 0 and 1", () => {
  const found = new Findings();
  found.headers = ["unique_id", "login_source", "Suspended"];
  const findings = findingsOf(found, parseSettings({}));
  assert.deepEqual(proposalOf(findings), {
    patch: { header_aliases: { Suspended: "active" }, value_maps: { active: { 0: "1", 1: "0" } } },
  });
  const aliased = { header_aliases: { suspended: "active" } };
  assert.deepEqual(proposalOf(findingsOf(found, parseSettings(aliased))), {
    patch: { value_maps: { active: { 0: "1", 1: "0" } } },
  });
  const fixed = parseSettings({ ...aliased, value_maps: { active: { 0: "1", 1: "0" } } });
  assert.deepEqual(findingsOf(found, fixed), []);
});

Deno.test("words such as yes and no mean 1 and 0 for active, and the opposite under a header such as suspended", () => {
  const words = ["Y", "no", "TRUE", "f", "Active", "tobedeleted", "Oui", "non", "suspended", "Inactive", "maybe"];
  assert.deepEqual(Object.values(meant("active", words)), ["1", "0", "1", "0", "1", "0", "1", "0", "0", "0", null]);
  const settings = { header_aliases: { suspended: "active" }, value_maps: { active: { 0: "1", 1: "0" } } };
  assert.deepEqual(meant("active", ["yes", "no", "suspended", "active"], settings, ["uuid", "suspended"]), {
    yes: "0",
    no: "1",
    suspended: "0",
    active: "1",
  });
});

Deno.test("names of provinces, territories and states in English and French mean their two-letter codes", () => {
  assert.deepEqual(
    meant("province", ["Ontario", "QUÉBEC", "quebec", "Nouvelle-Écosse", "New York", "CA-BC", "Bavaria", "Ont"]),
    {
      Ontario: "ON",
      "QUÉBEC": "QC",
      quebec: "QC",
      "Nouvelle-Écosse": "NS",
      "New York": "NY",
      "CA-BC": "BC",
      Bavaria: null,
      Ont: null,
    },
  );
});

Deno.test("a value under a different spelling is mapped to the value in the list; other values need a person's answer", () => {
  const settings = { login_sources: ["ldap", "sso"], user_types: ["6", "7"] };
  assert.deepEqual(meant("login_source", ["LDAP", "manual"], settings), { LDAP: "ldap", manual: null });
  const found = failing("user_type_id", { Student: 3, Staff: 5, student: 1 });
  const asked = findingsOf(found, parseSettings(settings)).filter(({ kind }) => kind === "value");
  assert.deepEqual(asked.map(({ value, count, choices }) => ({ value, count, choices })), [
    { value: "Staff", count: 5, choices: ["6", "7"] },
    { value: "Student", count: 4, choices: ["6", "7"] },
  ]);
});

Deno.test("a date format is proposed if most dates match only this format", () => {
  const suggestion = (dates: Record<string, number>, good = 0) => {
    const found = failing("data_of_birth", dates);
    found.column(COLUMNS.find(({ name }) => name === "data_of_birth")!).values += good;
    const [date] = findingsOf(found, parseSettings({})).filter(({ kind }) => kind === "date_format");
    return date && [date.suggestion, date.count, date.choices];
  };
  assert.deepEqual(suggestion({ "31/12/1999": 1, "01/02/1999": 2 }), [
    "DD/MM/YYYY",
    3,
    ["DD/MM/YYYY", "MM/DD/YYYY"],
  ]);
  assert.deepEqual(suggestion({ "01/02/1999": 2 }), [null, 2, ["DD/MM/YYYY", "MM/DD/YYYY"]]);
  assert.deepEqual(suggestion({ "19991231": 2 }, 5), [null, 2, ["YYYYMMDD"]]);
  assert.equal(suggestion({ "yesterday": 2 }), undefined);
});

Deno.test("a login source is guessed only if no header and no record of the roster has one", () => {
  const missing = (found: Findings, settings: Partial<Settings> = {}) =>
    findingsOf(found, parseSettings(settings)).filter(({ kind }) => kind.startsWith("missing"))
      .map(({ kind, setting, suggestion, is_guess }) => [kind, setting?.join("."), suggestion, is_guess]);
  const without = new Findings();
  without.headers = ["unique_id", "city"];
  assert.deepEqual(missing(without), [["missing_column", "defaults.login_source", "sso", true]]);
  assert.deepEqual(missing(without, { login_sources: ["ldap", "x"] }), [
    ["missing_column", "defaults.login_source", "ldap", true],
  ]);
  const required = { required_columns: ["email"], defaults: { login_source: "sso" } };
  assert.deepEqual(missing(without, required), [["missing_column", undefined, null, false]]);
  const empty = failing("login_source", { "": 3 });
  assert.deepEqual(missing(empty), [["missing_value", "defaults.login_source", "sso", true]]);
  empty.column(COLUMNS[columnPosition("login_source")]).values = 5;
  assert.deepEqual(missing(empty), [["missing_value", "defaults.login_source", null, false]]);
});

Deno.test("a suggestion that the settings would refuse is dropped, and its question remains", () => {
  const found = failing("active", { Y: 1 });
  const [finding] = findingsOf(found, parseSettings({ clear_token: "1" }));
  assert.deepEqual([finding.kind, finding.value, finding.suggestion], ["value", "Y", null]);
});

Deno.test("a later round adds its questions, and the combined proposal is valid", () => {
  const first = new Findings();
  first.headers = ["idnumber", "enabled", "__proto__"];
  const findings = findingsOf(first, parseSettings({}));
  const tried = withProposal(parseSettings({}), proposalOf(findings)!);
  const second = failing("active", { Y: 2 }, [...first.headers]);
  const joined = joinFindings(findings, findingsOf(second, tried));
  assert.deepEqual(joined.map(({ kind, header }) => [kind, header]), [
    ["unknown_header", "idnumber"],
    ["unknown_header", "enabled"],
    ["unknown_header", "__proto__"],
    ["missing_column", null],
    ["value", "enabled"],
  ]);
  const { header_aliases, value_maps, defaults } = withProposal(parseSettings({}), proposalOf(joined)!);
  assert.deepEqual([header_aliases, value_maps, defaults], [
    { idnumber: "unique_id", enabled: "active" },
    { active: { Y: "1" } },
    { login_source: "sso" },
  ]);
});

Deno.test("a file with a single header raises no question, nor does a rosterd_ column", () => {
  const found = new Findings();
  found.headers = ["<html>"];
  assert.deepEqual(findingsOf(found, parseSettings({})), []);
  found.headers = ["unique_id", "login_source", "rosterd_reason", ""];
  assert.deepEqual(findingsOf(found, parseSettings({})), []);
});
