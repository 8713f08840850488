import assert from "node:assert/strict";
import { importsLink, parseRoute } from "../../src/http/page/assets/route.js";
import { inWords, patchOf } from "../../src/http/page/assets/settings_patch.js";
import { counted, duration, fromNow, shown, size } from "../../src/http/page/assets/words.js";

Deno.test("The patch of the form contains only the changes, and removes deleted names", () => {
  const from = {
    "smtp.host": "",
    "smtp.port": 587,
    header_aliases: { No: "student_no", Mail: "email" },
    user_types: ["a"],
  };
  assert.deepEqual(patchOf(from, from), {});
  assert.deepEqual(patchOf(from, { ...from, header_aliases: { Mail: "email", No: "student_no" } }), {});
  assert.deepEqual(patchOf(from, { ...from, "smtp.host": "m", "smtp.port": 25 }), { smtp: { host: "m", port: 25 } });
  assert.deepEqual(patchOf(from, { ...from, user_types: [] }), { user_types: [] });
  assert.deepEqual(patchOf(from, { ...from, header_aliases: { No: "student_no" } }), {
    header_aliases: { Mail: null, No: "student_no" },
  });
  const maps = { value_maps: { active: { Y: "1", N: "0" }, province: { Ontario: "ON" } } };
  assert.deepEqual(patchOf(maps, { value_maps: { province: { Ontario: "ON" }, active: { N: "0", Y: "1" } } }), {});
  assert.deepEqual(patchOf(maps, { value_maps: { active: { Y: "1" } } }), {
    value_maps: { province: null, active: { N: null, Y: "1" } },
  });
  const odd = Object.fromEntries([["__proto__", "email"]]);
  assert.equal(
    JSON.stringify(patchOf({ header_aliases: {} }, { header_aliases: odd })),
    '{"header_aliases":{"__proto__":"email"}}',
  );
});

Deno.test("Nested settings are put into words", () => {
  assert.equal(inWords({ active: { Y: "1", N: "0" }, city: {} }), "active: Y → 1, N → 0; city: none");
});

Deno.test("Addresses of the page are parsed and created", () => {
  const read = (hash: string) => {
    const { name, rest, query } = parseRoute(hash);
    return [name, rest, query.toString()];
  };
  assert.deepEqual(read(""), ["", "", ""]);
  assert.deepEqual(read("#/imports/12"), ["imports", "12", ""]);
  assert.deepEqual(read("#/imports?status=held&before=9"), ["imports", "", "status=held&before=9"]);
  assert.equal(importsLink({ status: null, before: null }), "#/imports");
  assert.equal(importsLink({ status: "held", before: 9 }), "#/imports?status=held&before=9");
});

Deno.test("Numbers and times are formatted for people", () => {
  assert.equal(counted(1, "user"), "1 user");
  assert.equal(counted(12_345, "user"), "12,345 users");
  assert.deepEqual([1, 999, 1_234, 56_789, 999_900, 182_000_000].map(size), [
    "1 byte",
    "999 bytes",
    "1.2 kB",
    "57 kB",
    "1.0 MB",
    "182 MB",
  ]);
  const now = Date.parse("2026-11-23T18:00:00Z");
  assert.equal(fromNow("2026-11-23T18:04:00Z", now), "in 4 minutes");
  assert.equal(fromNow("2026-11-23T15:00:00Z", now), "3 hours ago");
  assert.equal(fromNow("2026-11-23T18:59:59Z", now), "in 1 hour");
  assert.equal(fromNow("2026-11-23T17:59:58Z", now), "just now");
  assert.equal(duration("2026-11-23T18:00:00Z", "2026-11-23T18:01:59.9Z"), "2 minutes 0 seconds");
});

Deno.test("Invisible characters in a name are made visible", () => {
  assert.equal(shown("a\u202egpj.csv\n"), "a\\u{202e}gpj.csv\\u{a}");
  assert.equal(shown("Ümläut 名簿.csv"), "Ümläut 名簿.csv");
});
