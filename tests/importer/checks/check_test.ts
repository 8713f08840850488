import assert from "node:assert/strict";
import fc from "fast-check";
import { COLUMNS } from "../../../src/domain/columns.ts";
import type { Problem } from "../../../src/domain/outcome.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { Batch } from "../../../src/importer/csv/batch.ts";
import { createCheck } from "../../../src/importer/checks/check.ts";
import { openRoster } from "../../../src/importer/csv/roster.ts";
import { guard } from "../../../src/importer/checks/spreadsheet.ts";
import { chunksOf, utf8 } from "../../support/memory_file.ts";

interface Checked {
  line: number;
  /** The value of each known column: text, null (the user keeps the current value) or "CLEARS". */
  values: Record<string, string | null>;
  problems: Problem[];
}

async function check(content: string | Uint8Array, settings: Partial<Settings> = {}): Promise<Checked[]> {
  const all = parseSettings(settings);
  const { header, records } = await openRoster(() => chunksOf(content, 65_536), all, true);
  const check = createCheck(header, all, "2026-11-23");
  const checked: Checked[] = [];
  for await (const batch of records()) {
    const problems = check(batch);
    for (let record = 0; record < batch.count; record++) {
      const values = batch.malformed.has(record) ? [] : header.present.map(({ column, positions }) => {
        const value = batch.firstValue[record] + positions[0];
        return [column.name, said(batch, value)];
      });
      checked.push({
        line: batch.line[record],
        values: Object.fromEntries(values),
        problems: problems.get(record) ?? [],
      });
    }
  }
  return checked;
}

function said(batch: Batch, value: number): string | null {
  if (batch.flags[value] & Batch.CLEARS) return "CLEARS";
  if (batch.flags[value] & Batch.KEEPS) assert.equal(batch.start[value], batch.end[value]);
  return batch.text(value) === "" ? null : batch.text(value);
}

/** The text of a record with the two required columns and the given ones. */
async function one(values: Record<string, string>, settings: Partial<Settings> = {}): Promise<Checked> {
  const all: Record<string, string> = { unique_id: "u1", login_source: "ldap", ...values };
  const [checked, ...others] = await check(
    `${Object.keys(all).join(",")}\n${Object.values(all).join(",")}\n`,
    settings,
  );
  assert.equal(others.length, 0);
  return checked;
}

const codes = ({ problems }: Checked) => problems.map(({ column, code }) => `${code} ${column}`);

Deno.test("a valid record has no problems, and its values stay unchanged", async () => {
  const text = COLUMNS.map(({ name }) => name).join(",") + "\n" +
    "U-1,U-0,ldap,Anna,O'Neil,anna,a@x.org,1 'Main' St.,Ottawa,on,K1A 0B1,,,QC,,613-555-0100,student,007,1,002,2,D1,ns,1999-12-31,7,1\n";
  const [{ values, problems }] = await check(text);
  assert.deepEqual(problems, []);
  assert.deepEqual(Object.values(values), [
    ...[
      "U-1",
      "U-0",
      "ldap",
      "Anna",
      "O'Neil",
      "anna",
      "a@x.org",
      "1 'Main' St.",
      "Ottawa",
      "ON",
      "K1A 0B1",
      null,
      null,
      "QC",
      null,
    ],
    ...["613-555-0100", "student", "007", "1", "002", "2", "D1", "NS", "1999-12-31", "7", "1"],
  ]);
});

Deno.test("a missing unique_id is 9013, a missing login_source is 9014, and any other missing required value is 9031", async () => {
  const settings = { required_columns: ["city", "active", "unique_id"] };
  const [checked] = await check('city,active,login_source,unique_id,street\n,,"\u00a0 ", \t,x\n', settings);
  assert.deepEqual(checked.problems, [
    { column: "unique_id", code: "9013", reason: "unique_id is missing" },
    { column: "login_source", code: "9014", reason: "login_source is missing" },
    { column: "city", code: "9031", reason: "city is missing" },
    { column: "active", code: "9031", reason: "active is missing" },
  ]);
  assert.deepEqual(codes(await one({ city: "", active: "" })), []);
});

Deno.test("every problem of a record is reported, in column order, at most one per column", async () => {
  const long = "x".repeat(51);
  const text = "active,date_of_birth,state,email,city,first_name,login_source,uuid,user_type\n" +
    `2,31/12/1999,O1,anna,${long},${long},saml,,staff\n`;
  const [checked] = await check(text, { login_sources: ["ldap"], user_types: ["student"] });
  assert.deepEqual(codes(checked), [
    "9013 unique_id",
    "9015 login_source",
    "9030 first_name",
    "9033 email",
    "9030 city",
    "9033 province",
    "9033 user_type_id",
    "9033 data_of_birth",
    "9033 active",
  ]);
  assert.equal(checked.problems[3].reason, 'email "anna" must look like name@example.com');
});

Deno.test("a malformed record has a single problem and no values, and its neighbours are checked as usual", async () => {
  const lines = ["unique_id,login_source,city", "2,ldap,Ottawa", "3,ldap", '4,ldap,"x"y', "5,,Hull", "\u0001,a,b"];
  const bytes = Uint8Array.from([
    ...utf8(lines.join("\n") + "\n"),
    0xe9,
    ...utf8(',ldap,x\n8,"ldap,Hull\n9,ldap,Hull\n'),
  ]);
  const checked = await check(bytes);
  assert.deepEqual(checked.map(({ line, values }) => [line, values.city ?? null]), [
    ...[[2, "Ottawa"], [3, null], [4, null], [5, "Hull"], [6, null], [7, null], [8, null], [9, "Hull"]],
  ]);
  const problems = checked.map(({ problems }) =>
    problems.map(({ column, code, reason }) => `${column} ${code} ${reason}`)
  );
  assert.deepEqual(problems, [
    [],
    ["null malformed the record has 2 values but the header has 3: check that each value is in its column, and add the missing delimiters"],
    [
      'null malformed text follows the closing quote of value 3 ("city"): close the quote where the value ends, and double each quote inside it',
    ],
    ["login_source 9014 login_source is missing"],
    ['null malformed value 1 ("unique_id") has an invisible control character: type the value again'],
    ["null malformed the record has characters in the wrong encoding: save the whole file as CSV in UTF-8"],
    ['null malformed value 2 ("login_source") begins with a quote that is not closed: add the closing quote, or remove the opening one'],
    [],
  ]);
});

Deno.test("an empty value keeps or clears the current one, depending on the settings; an empty active changes nothing", async () => {
  const values = { city: "", email: '""', active: "" };
  assert.deepEqual((await one(values)).values, {
    unique_id: "u1",
    login_source: "ldap",
    email: null,
    city: null,
    active: null,
  });
  const cleared = await one(values, { empty_values: "clear" });
  assert.deepEqual(cleared.values, {
    unique_id: "u1",
    login_source: "ldap",
    email: "CLEARS",
    city: "CLEARS",
    active: null,
  });
  assert.deepEqual(cleared.problems, []);
  const required = await one({ city: "" }, { empty_values: "clear", required_columns: ["city"] });
  assert.deepEqual([codes(required), required.values.city], [["9031 city"], null]);
});

Deno.test("the clear token clears a value, quoted or not, after trimming, whatever the setting for empty values", async () => {
  for (const empty_values of ["keep", "clear"] as const) {
    for (const token of ["(clear)", " (clear)\u00a0", '"(clear)"', ' "(clear)" ']) {
      assert.equal((await one({ city: token }, { empty_values })).values.city, "CLEARS", token);
    }
    assert.equal((await one({ email: '" (clear) "' }, { empty_values })).values.email, "CLEARS");
  }
  assert.deepEqual(codes(await one({ unique_id: "(clear)", login_source: "(clear)" })), [
    "9031 unique_id",
    "9031 login_source",
  ]);
  assert.deepEqual(codes(await one({ city: "(clear)" }, { required_columns: ["city"] })), ["9031 city"]);
  assert.equal((await one({ city: "(clear)" }, { clear_token: "" })).values.city, "(clear)");
  assert.equal((await one({ city: '"a""b"' }, { clear_token: 'a"b' })).values.city, "CLEARS");
});

Deno.test("blanks within quotes are removed in five columns and kept in all others", async () => {
  const blank = '" \t\u00a0x\u00a0 "', active = '"\u00a01 "', email = '"\ta@x.org "';
  const { values, problems } = await one({
    unique_id: blank,
    login_source: blank,
    user_name: blank,
    email,
    active,
    city: blank,
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(values, {
    unique_id: "x",
    login_source: "x",
    user_name: "x",
    email: "a@x.org",
    city: " \t\u00a0x\u00a0 ",
    active: "1",
  });
});

Deno.test("only blanks are trimmed: other invisible characters at the ends of a unique_id are refused", async () => {
  for (const character of ["\n", "\r\n", "\ufeff", "\u200b", "\u2028"]) {
    for (const value of [`"${character}u1"`, `"u1${character}"`, `" ${character}u1${character} "`]) {
      assert.deepEqual(codes(await one({ unique_id: value })), ["9033 unique_id"], JSON.stringify(value));
    }
  }
  assert.equal((await one({ unique_id: '"\u2003u1"' })).values.unique_id, "\u2003u1");
});

Deno.test("quoted blanks are an empty value in columns that remove blanks, and a value in all other columns", async () => {
  assert.deepEqual((await one({ user_name: '"  "', city: '"  "' }, { empty_values: "clear" })).values, {
    unique_id: "u1",
    login_source: "ldap",
    user_name: "CLEARS",
    city: "  ",
  });
});

Deno.test("the spreadsheet guard is removed in every column, but no other apostrophe", async () => {
  const guarded = {
    unique_id: "'007",
    user_name: "'=x",
    city: "'+1",
    student_no: "'1E5",
    phone_cell: "'-5",
    street: "'＠x",
  };
  const { values, problems } = await one({ ...guarded, data_of_birth: "'1999-12-31", active: "'1" });
  assert.deepEqual(values, {
    ...{
      unique_id: "007",
      login_source: "ldap",
      user_name: "=x",
      city: "+1",
      student_no: "1E5",
      phone_cell: "-5",
      street: "＠x",
    },
    ...{ data_of_birth: "1999-12-31", active: "'1" },
  });
  assert.deepEqual(problems.map(({ column }) => column), ["active"]);
  const names = {
    first_name: "O'Neil",
    last_name: "'t Hooft",
    street: "'",
    city: "''=x",
    street2: "'12 Main",
    city2: '"\'"',
  };
  assert.deepEqual((await one(names)).values, { unique_id: "u1", login_source: "ldap", ...names, city2: "'" });
});

Deno.test("the spreadsheet guard and the blanks that it protects are removed before the length is counted", async () => {
  assert.deepEqual(codes(await one({ postal_code: "'" + "0".repeat(20) })), []);
  assert.deepEqual(codes(await one({ postal_code: "'" + "0".repeat(21) })), ["9030 postal_code"]);
  assert.equal((await one({ unique_id: '" \'\tu1 "' })).values.unique_id, "u1");
  assert.equal((await one({ city: '"\'\tx"' })).values.city, "\tx");
});

Deno.test("if a column appears twice, its first non-empty value counts, even if others are quoted or guarded", async () => {
  const header = "unique_id,login_source,prov,province,state,user_uuid\n";
  const province = async (record: string) => (await check(header + record + "\n"))[0].values.province;
  assert.equal(await province("u1,l,AA,BB,CC,"), "BB");
  assert.equal(await province("u1,l,AA,,cc,"), "CC");
  assert.equal(await province('u1,l,"aa",,"",'), "AA");
  assert.equal(await province("u1,l,,,,"), null);
  assert.equal(await province("u1,l,AA,(clear),,"), "CLEARS");
  const ids = await check(
    header + 'u1,l,,,,u2\n,l,,,,u3\n"\u00a0 ",l,,,,"\'00""7"\n"  ",l,,,," 008 "\n,l,,,,\' 9\n',
    {},
  );
  assert.deepEqual(ids.map(({ values }) => values.unique_id), ["u1", "u3", "'00\"7", "008", "' 9"]);
  assert.deepEqual(codes((await check(header + ',l,,,,"  "\n'))[0]), ["9013 unique_id"]);
});

Deno.test("a doubled quote is stored and counted as one", async () => {
  const { values, problems } = await one({ city: `"""${'""'.repeat(48)}"""`, first_name: '"Anna ""Ann"" é"' });
  assert.deepEqual([values.city, values.first_name, problems], ['"'.repeat(50), 'Anna "Ann" é', []]);
});

Deno.test("ignored columns have no effect, wherever they are", async () => {
  const text = 'x,unique_id,rosterd_code,login_source,,rosterd_reason\n"a\nb",u1,9013,ldap,"""",x\n';
  const [{ values, problems }] = await check(text);
  assert.deepEqual([values, problems], [{ unique_id: "u1", login_source: "ldap" }, []]);
});

Deno.test("any value that is written as in a failed-records file is stored unchanged", async () => {
  const piece = fc.constantFrom(
    "'",
    "=",
    "+",
    "-",
    "@",
    "＝",
    "\t",
    "\n",
    "\r",
    "0",
    "12",
    "E",
    "/",
    " ",
    "\u00a0",
    '"',
    ",",
    "é",
    "x",
  );
  const value = fc.oneof(
    fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join("")),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 50 }).map((text) => text.replace(/\p{Cc}/gu, "x")),
  ).filter((text) => text.length <= 50 && text !== "(clear)");
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
      const text = (form: (value: string) => string) =>
        "unique_id,login_source,city\n" + values.map((value) => `u1,ldap,${quoted(form(value))}\n`).join("");
      const original = await check(text((value) => value)), returned = await check(text(guard));
      assert.deepEqual(returned, original);
      original.forEach(({ values: { city } }, at) => {
        if (!values[at].startsWith("'")) assert.equal(city, values[at]);
      });
    }),
    { numRuns: 300 },
  );
});

Deno.test("today is the day that the caller passes", async () => {
  const text = "unique_id,login_source,date_of_birth\nu1,l,2026-11-23\nu2,l,2026-11-24\n";
  assert.deepEqual((await check(text)).map(codes), [[], ["9033 data_of_birth"]]);
});
