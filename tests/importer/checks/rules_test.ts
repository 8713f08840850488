import assert from "node:assert/strict";
import fc from "fast-check";
import { columnNamed, foldHeader } from "../../../src/domain/columns.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { Batch } from "../../../src/importer/csv/batch.ts";
import { cut, shown } from "../../../src/importer/checks/rule.ts";
import { createRule } from "../../../src/importer/checks/rules.ts";
import { utf8 } from "../../support/memory_file.ts";

const TODAY = "2026-11-23";

/** The result of applying a column's rule to one value: `CODE reason`, or the converted value. */
function judge(column: string, text: string, settings: Partial<Settings> = {}): string {
  const rule = createRule(columnNamed(foldHeader(column))!, parseSettings(settings), TODAY);
  const bytes = utf8(`,${text},`);
  const batch = new Batch(10).begin(bytes);
  batch.put(0, 1, bytes.length - 1, bytes.length > text.length + 2 ? Batch.NOT_ASCII : 0);
  const fault = rule(batch, 0);
  if (fault !== null) return `${fault.code} ${fault.reason}`;
  return batch.flags[0] & Batch.CLEARS ? "clears" : batch.text(0);
}

const code = (...value: Parameters<typeof judge>) => judge(...value).slice(0, 4);

function accepts(column: string, values: string[], settings: Partial<Settings> = {}): void {
  for (const value of values) assert.equal(judge(column, value, settings), value, `${column} ${value}`);
}

function refuses(column: string, expected: string, values: string[], settings: Partial<Settings> = {}): void {
  for (const value of values) {
    assert.equal(code(column, value, settings), expected, `${column} ${JSON.stringify(value)}`);
  }
}

Deno.test("every text column has a maximum length, counted in code points", () => {
  const longest: Record<string, number> = {
    unique_id: 50,
    login_source: 20,
    first_name: 50,
    last_name: 50,
    user_name: 50,
    street: 200,
    city: 50,
    postal_code: 20,
    street2: 200,
    city2: 50,
    zip2: 20,
    phone_cell: 20,
    user_type_id: 20,
    employ_no: 50,
    employee_phone: 50,
    student_no: 50,
    student_phone: 50,
    drivers_license_num: 50,
    locker_user_type_id: 20,
  };
  for (const [column, length] of Object.entries(longest)) {
    for (const letter of ["x", "é", "😀"]) {
      accepts(column, [letter, letter.repeat(length)]);
      refuses(column, "9030", [letter.repeat(length + 1)]);
    }
  }
  assert.equal(
    judge("zip", "é".repeat(21)),
    `9030 postal_code "${"é".repeat(21)}" has 21 characters: shorten it to at most 20`,
  );
});

Deno.test("an email address may have 100 characters and a region two; longer values are too long, not invalid", () => {
  const address = (length: number) => "x".repeat(length - 12) + "@example.org";
  accepts("email", [address(100)]);
  refuses("email", "9030", [address(101), "x".repeat(101)]);
  refuses("province", "9030", ["ONT", "Ontario", "😀😀😀"]);
});

Deno.test("text columns accept anything else unchanged", () => {
  accepts("city", ["'s-Hertogenbosch", "a\nb", "\u200b", "０", "<script>", "null", "é", "e\u0301"]);
});

Deno.test("unique_id must not have control or zero-width characters, but accepts anything else unchanged", () => {
  const invisible = [
    "\n",
    "\t",
    "\r",
    "\u00ad",
    "\u034f",
    "\u061c",
    "\u115f",
    "\u180e",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
  ];
  invisible.push(
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2060",
    "\u2066",
    "\u3164",
    "\ufe0f",
    "\ufeff",
    "\uffa0",
    "\u{e0001}",
    "\u{e0100}",
  );
  refuses(
    "unique_id",
    "9033",
    invisible.flatMap((character) => [`a${character}b`, character, `${character}a`, `a${character}`]),
  );
  accepts("unique_id", ["1E5", "007", "é", "e\u0301", "用户", "a b", "a\u00a0b", "😀", "-", "#1;2", "U+200B"]);
  assert.equal(
    judge("unique_id", "a\u200bb"),
    '9033 unique_id "a\\u{200b}b" has the invisible character U+200B: type the value again',
  );
});

Deno.test("login_source and user_type_id must be in their lists, unless the lists are empty", () => {
  accepts("login_source", ["ldap", "anything"]);
  accepts("user_type", ["student", "anything"]);
  const settings = { login_sources: ["ldap", "SAML"], user_types: ["student"] };
  accepts("login_source", ["ldap", "SAML"], settings);
  refuses("login_source", "9015", ["LDAP", "saml", "ldap2", "lda"], settings);
  refuses("user_type_id", "9033", ["Student", "staff"], settings);
  assert.equal(judge("login_source", "x", settings), '9015 login_source "x" must be one of "ldap", "SAML"');
  const many = { login_sources: Array.from({ length: 12 }, (_, at) => `s${at}`) };
  assert.match(judge("login_source", "x", many), /must be one of "s0", .*"s9", …$/);
});

Deno.test("an email address is one address", () => {
  accepts("email", [
    ...["a@b.co", "O'Neil@example.org", "first.last+tag@sub.example.co.uk", "a_b-c@x-y.org", "1@2.ca", "é@exämple.fr"],
    ...["用户@例子.中国", "a!#$%&'*/=?^_`{|}~@b.org", "a@xn--bcher-kva.example"],
  ]);
  refuses("email", "9033", [
    ...[
      "a",
      "a@",
      "@b.org",
      "a@b",
      "a@@b.org",
      "a@b@c.org",
      "a b@c.org",
      "a@b .org",
      "a@b..org",
      "a@.b.org",
      "a@b.org.",
      "a@b.-x",
    ],
    ...[
      "a..b@c.org",
      ".a@c.org",
      "a.@c.org",
      "a@b.org,c@d.org",
      "a@b.org;c@d.org",
      "Anna <a@b.org>",
      "<a@b.org>",
      "a@-b.org",
    ],
    ...[
      "a@b-.org",
      "a@b_c.org",
      "mailto:a@b.org",
      '"a"@b.org',
      "a@[1.2.3.4]",
      "a\u200b@b.org",
      "a@b.org\u200b",
      "a\n@b.org",
      "(a)@b.org",
    ],
  ]);
  assert.equal(judge("email", "anna"), '9033 email "anna" must look like name@example.com');
});

Deno.test("an address that almost matches is refused quickly", () => {
  const begin = performance.now();
  for (const text of ["a@" + "x-".repeat(48), "a.".repeat(49) + "@", "a@" + "x.".repeat(48) + "_"]) {
    assert.equal(code("email", text), "9033");
  }
  assert.ok(performance.now() - begin < 1_000);
});

Deno.test("regions are two letters from A to Z, stored in upper case", () => {
  for (const column of ["province", "state2", "drivers_license_prov"]) {
    assert.deepEqual(["on", "On", "oN", "ON", "az", "ZA"].map((value) => judge(column, value)), [
      "ON",
      "ON",
      "ON",
      "ON",
      "AZ",
      "ZA",
    ]);
    refuses(column, "9033", ["O", "O1", "1O", "É", "ÉÉ", "é", "O ", "[a", "a`", "@A", "z{", "\u00a0"]);
  }
  assert.equal(judge("state", "O1"), '9033 province "O1" must be two letters, such as ON');
  assert.equal(
    judge("state", "Ontario"),
    '9030 province "Ontario" must be two letters, such as ON',
  );
});

Deno.test("a date is a real day, written YYYY-MM-DD, and not after today", () => {
  accepts("date_of_birth", ["2000-01-31", "2000-02-29", "2024-02-29", "1999-12-31", "0001-01-01", "1600-02-29", TODAY]);
  const at = (text: string) => judge("date_of_birth", text).replace(/^9033 data_of_birth "[^"]*" /, "");
  for (
    const text of [
      "2023-02-29",
      "1900-02-29",
      "2100-02-29",
      "2000-04-31",
      "2000-00-10",
      "2000-13-10",
      "2000-01-00",
      "2000-01-32",
      "0000-01-01",
    ]
  ) {
    assert.equal(at(text), "is not a real date: check the day and the month", text);
  }
  for (const text of ["2026-11-24", "2027-01-01", "9999-12-31"]) {
    assert.equal(at(text), "is in the future: check the year", text);
  }
  for (
    const text of [
      "31/12/1999",
      "1999-1-1",
      "19991231",
      "1999-12-31T00:00",
      "99-12-31",
      "１９９９-12-31",
      "+1999-12-31",
      "1999-12-31\n",
      "x",
    ]
  ) {
    assert.equal(at(text), "must look like 1999-12-31", text);
  }
});

Deno.test("every day in the calendar is accepted, and no other day", () => {
  const number = (most: number) => fc.integer({ min: 0, max: most });
  fc.assert(
    fc.property(number(2_200), number(14), number(33), (year, month, day) => {
      const text = [String(year).padStart(4, "0"), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join(
        "-",
      );
      const real = year > 0 && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;
      assert.equal(judge("data_of_birth", text) === text, real && text <= TODAY, text);
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("active is 0 or 1", () => {
  accepts("active", ["0", "1"]);
  refuses("active", "9033", ["2", "00", "01", "true", "yes", "Y", "-", "１"]);
  assert.equal(judge("active", "yes"), '9033 active "yes" must be 0 or 1');
});

Deno.test("the clear token clears any column that may be empty, whatever kind of values it has", () => {
  for (const column of ["first_name", "email", "province", "user_type_id", "data_of_birth", "user_name"]) {
    assert.equal(judge(column, "(clear)", { user_types: ["student"] }), "clears");
    assert.equal(judge(column, "∅", { clear_token: "∅" }), "clears");
  }
  for (const near of ["(Clear)", "(clear", "(clear) ", "(clear)x", "((clear)"]) assert.equal(judge("city", near), near);
  assert.equal(judge("city", "(clear)", { clear_token: "" }), "(clear)");
  assert.equal(judge("city", "(clear)", { clear_token: "-" }), "(clear)");
});

Deno.test("a required column cannot be cleared (9031), nor can active, which must be 0 or 1", () => {
  for (const column of ["unique_id", "login_source"]) refuses(column, "9031", ["(clear)"]);
  refuses("city", "9031", ["(clear)"], { required_columns: ["city"] });
  refuses("active", "9031", ["(clear)"], { required_columns: ["active"] });
  refuses("active", "9033", ["(clear)"]);
  assert.equal(judge("unique_id", "(clear)"), '9031 unique_id is required: enter a value instead of "(clear)"');
});

Deno.test("reasons quote a value on one line, at most 80 characters, with invisible characters made visible", () => {
  assert.equal(shown("x".repeat(80)), `"${"x".repeat(80)}"`);
  assert.equal(shown("😀".repeat(81)), `"${"😀".repeat(80)}…"`);
  assert.equal(shown("a\r\nb\u202e"), '"a\\u{d}\\u{a}b\\u{202e}"');
  assert.equal(cut("abc", 3), "abc");
  assert.equal(cut("abcd", 3), "abc…");
  const reason = judge("city", "x".repeat(60_000));
  assert.equal(reason, `9030 city "${"x".repeat(80)}…" has 60,000 characters: shorten it to at most 50`);
});
