import assert from "node:assert/strict";
import { COLUMNS } from "../../../src/domain/columns.ts";
import { RejectedFile } from "../../../src/domain/outcome.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import {
  countKnown,
  type Header,
  knownNames,
  readHeader,
  requiredColumns,
} from "../../../src/importer/checks/header.ts";

function header(names: string[], settings: Partial<Settings> = {}): Header {
  return readHeader(names, parseSettings(settings), 1);
}

/** Maps each column of the header to its positions. */
function present(names: string[], settings: Partial<Settings> = {}): Record<string, readonly number[]> {
  return Object.fromEntries(header(names, settings).present.map(({ column, positions }) => [column.name, positions]));
}

function rejection(names: string[], settings: Partial<Settings> = {}, line = 1): RejectedFile {
  try {
    readHeader(names, parseSettings(settings), line);
  } catch (error) {
    if (error instanceof RejectedFile) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "the header was accepted" });
}

const TWO = ["unique_id", "login_source"];

Deno.test("every name in the table refers to its column", () => {
  const table: Record<string, string[]> = {
    unique_id: ["unique_id", "user_uuid", "uuid", "user_unique_id", "matricule"],
    old_unique_id: ["old_unique_id", "previous_unique_id"],
    login_source: ["login_source"],
    first_name: ["first_name", "prénom", "prenom"],
    last_name: ["last_name", "nom"],
    user_name: ["user_name"],
    email: ["email", "email_address", "courriel"],
    street: ["street", "adresse"],
    city: ["city", "ville"],
    province: ["province", "state", "prov"],
    postal_code: ["postal_code", "zip", "code postal"],
    street2: ["street2"],
    city2: ["city2"],
    state2: ["state2", "province2"],
    zip2: ["zip2", "postal_code2"],
    phone_cell: ["phone_cell", "téléphone", "telephone"],
    user_type_id: ["user_type_id", "user_type"],
    employ_no: ["employ_no"],
    employee_phone: ["employee_phone"],
    student_no: ["student_no"],
    student_phone: ["student_phone"],
    drivers_license_num: ["drivers_license_num", "driver_license_num", "driver_licence_num"],
    drivers_license_prov: ["drivers_license_prov", "driver_license_state", "driver_licence_prov"],
    data_of_birth: ["data_of_birth", "date_of_birth", "date de naissance"],
    locker_user_type_id: ["locker_user_type_id"],
    active: ["active", "actif"],
  };
  assert.deepEqual(Object.keys(table), COLUMNS.map(({ name }) => name));
  const known = knownNames({});
  for (const [column, names] of Object.entries(table)) {
    for (const name of names) assert.equal(known.get(name.replace(/[_ ]/g, ""))?.column, column);
  }
  assert.equal(known.size, Object.values(table).flat().length);
});

Deno.test("letter case, blanks, underscores and hyphens do not matter in a header", () => {
  assert.deepEqual(present([" Unique-ID ", "LOGIN\u00a0source", "Employ_No.", "e-mail", "First  Name"]), {
    unique_id: [0],
    login_source: [1],
    first_name: [4],
    email: [3],
  });
});

Deno.test("letters in another normalization form and zero-width characters do not matter in a header", () => {
  const settings = { header_aliases: { "Prénom": "first_name" } };
  const names = [
    "\ufeffunique\u2011id",
    "ｌｏｇｉｎ＿ｓｏｕｒｃｅ",
    "Pre\u0301nom",
    "active\u200b",
    "la\u00adst name",
    "rosterd\u2010line\u200b",
  ];
  const found = header(names, settings);
  assert.deepEqual(found.present.map(({ column }) => column.name), [
    "unique_id",
    "login_source",
    "first_name",
    "last_name",
    "active",
  ]);
  assert.deepEqual([found.own, found.warnings], [[5], []]);
});

Deno.test("if two headers name the same column, the first name in the table takes precedence, and aliases come last", () => {
  const settings = { header_aliases: { "Region": "province", "Kanton": "province" } };
  assert.deepEqual(present(["Kanton", "prov", "Region", "state", "province", ...TWO], settings), {
    unique_id: [5],
    login_source: [6],
    province: [4, 3, 1, 2, 0],
  });
  assert.deepEqual(present(["user_unique_id", "uuid", "user_uuid", "login_source"]).unique_id, [2, 1, 0]);
});

Deno.test("columns are listed in the order of the table, wherever they are in the file", () => {
  const names = COLUMNS.map(({ name }) => name).reverse();
  assert.deepEqual(Object.keys(present(names)), COLUMNS.map(({ name }) => name));
  assert.deepEqual(present(names).unique_id, [names.length - 1]);
});

Deno.test("an alias in the settings is compared like any header", () => {
  const settings = { header_aliases: { "Student Number": "student_no" } };
  assert.deepEqual(present([...TWO, "STUDENT-number"], settings).student_no, [2]);
  assert.equal(header([...TWO, "STUDENT-number"]).present.length, 2);
});

Deno.test("a missing required column rejects the file; the reason lists the headers and the probable match", () => {
  const { reason } = rejection(["Uniqe ID", "loginsource", "city"], {}, 7);
  assert.deepEqual(reason, {
    code: "header",
    line: 7,
    text: 'the header cannot be used: column unique_id is missing (is it "Uniqe ID"?). ' +
      'If the file is right, set header_aliases. Headers found: "Uniqe ID", "loginsource", "city"',
  });
  assert.match(
    rejection(["unique_id", "city"]).message,
    /column login_source is missing\. If the file is right, set header_aliases or defaults\.login_source\. Headers found/,
  );
  const both = rejection(["town", "street"], { required_columns: ["email", "unique_id"] }).message;
  assert.match(both, /column unique_id is missing; column login_source is missing; column email is missing\./);
});

Deno.test("a column in required_columns must be present under any of its names", () => {
  assert.match(rejection(TWO, { required_columns: ["province"] }).message, /column province is missing/);
  assert.deepEqual(present([...TWO, "State"], { required_columns: ["province"] }).province, [2]);
});

Deno.test("a repeated known header rejects the file, even in another letter case, but two names of one column are allowed", () => {
  assert.match(rejection([...TWO, "email", "E-Mail"]).message, /"E-Mail" appears twice/);
  assert.match(rejection([...TWO, "unique_id"]).message, /"unique_id" appears twice/);
  const alias = { header_aliases: { "Town": "city" } };
  assert.match(rejection([...TWO, "town", "TOWN"], alias).message, /"TOWN" appears twice/);
  assert.equal(header([...TWO, "town", "city"], alias).present.length, 3);
});

Deno.test("empty and unknown headers may repeat; each unknown header is listed once, with the nearest known name", () => {
  const { warnings, present, own } = header([...TWO, "", "Department", "", " ", "Department", "Emial", "-"]);
  assert.deepEqual([present.length, own], [2, []]);
  assert.deepEqual(warnings, [{
    code: "unknown_columns",
    text: 'unknown columns were ignored: "Department", "Emial" (did you mean email?)',
  }]);
  assert.deepEqual(header([...TWO, "", "city"]).warnings, []);
});

Deno.test("unknown_columns 'reject' rejects a file with an unknown header, but not with empty headers or rosterd_ columns", () => {
  const settings = { unknown_columns: "reject" } as const;
  const { message } = rejection([...TWO, "Department", "Emial"], settings);
  assert.match(
    message,
    /"Department" is not a known column; "Emial" is not a known column \(did you mean email\?\)\. Headers found/,
  );
  assert.deepEqual(header([...TWO, "", "rosterd_line"], settings).own, [3]);
});

Deno.test("columns named rosterd_… are ignored silently, and their positions are remembered", () => {
  const { own, warnings, present } = header([...TWO, "rosterd_line", "ROSTERD-Reason", "rosterd_code", "rosterd_line"]);
  assert.deepEqual([own, warnings, present.length], [[2, 3, 4, 5], [], 2]);
});

Deno.test("a header with one column is rejected, and the reason lists the supported delimiters", () => {
  assert.match(
    rejection(["unique_id|login_source"]).message,
    /it has only one column \(separate values with a comma, semicolon, tab or \|\)/,
  );
  assert.equal(rejection(["unique_id"]).reason.code, "header");
});

Deno.test("in messages, long headers are shortened and invisible characters are made visible", () => {
  const { message } = rejection(["x".repeat(500), "a\u202eb\n", ...Array(900).fill("column of no name")]);
  assert.ok(message.includes(`"${"x".repeat(80)}…", "a\\u{202e}b\\u{a}", "column`));
  assert.ok(message.length < 2_500, `${message.length}`);
  const { warnings } = header([...TWO, ...Array.from({ length: 900 }, (_, at) => `a strange name ${at}`)]);
  assert.ok(warnings[0].text.length <= 2_001);
});

Deno.test("names of built-in object properties are ordinary unknown headers", () => {
  const { warnings } = header([...TWO, "__proto__", "constructor", "toString"]);
  assert.match(warnings[0].text, /"__proto__", "constructor", "toString"$/);
});

Deno.test("known headers are counted with their aliases", () => {
  const known = knownNames({ "Student Number": "student_no" });
  assert.equal(countKnown(["Unique ID", "student number", "x", "", "ZIP"], known), 3);
});

Deno.test("unique_id, login_source and required_columns are required, except columns with a default", () => {
  const required = (settings: Partial<Settings>) => [...requiredColumns(parseSettings(settings))];
  assert.deepEqual(required({ required_columns: ["city"] }), ["unique_id", "login_source", "city"]);
  assert.deepEqual(required({ required_columns: ["city"], defaults: { login_source: "sso", city: "Hull" } }), [
    "unique_id",
  ]);
});

Deno.test("French headers are known, and an alias in the settings can give them another meaning", () => {
  const french = [
    "Matricule",
    "PRENOM",
    "Nom",
    "Courriel",
    "Adresse",
    "Ville",
    "Code postal",
    "T\u00e9le\u0301phone",
    "Date de naissance",
    "Actif",
  ];
  const settings = { defaults: { login_source: "sso" } };
  assert.deepEqual(Object.keys(present(french, settings)), [
    "unique_id",
    "first_name",
    "last_name",
    "email",
    "street",
    "city",
    "postal_code",
    "phone_cell",
    "data_of_birth",
    "active",
  ]);
  const aliases = { ...settings, header_aliases: { matricule: "student_no" } };
  assert.deepEqual(Object.keys(present(["uuid", "Matricule"], aliases)), ["unique_id", "student_no"]);
});
