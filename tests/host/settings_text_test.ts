import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { BrokenSettingsFile } from "../../src/domain/stored_settings.ts";
import { printSettings, readSettings } from "../../src/host/settings_text.ts";

const read = (text: string) => readSettings("settings.json", new TextEncoder().encode(text));

function messageOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof BrokenSettingsFile) return error.message;
    throw error;
  }
  assert.fail("the text was accepted");
}

Deno.test("settings.example.json has the defaults exactly as the program writes them", async () => {
  const example = await Deno.readTextFile(new URL("../../settings.example.json", import.meta.url));
  assert.equal(example, printSettings(DEFAULT_SETTINGS));
  assert.deepEqual(read(example), DEFAULT_SETTINGS);
});

Deno.test("Missing keys have their default, and a byte order mark is ignored", () => {
  assert.deepEqual(read('\ufeff{"smtp": {"port": 25}}').smtp, { ...DEFAULT_SETTINGS.smtp, port: 25 });
});

Deno.test("A wrong value is reported with line, column and key", () => {
  assert.equal(
    messageOf('{\n  "settle_seconds": 5,\r\n  "smtp": {},\n  "interval_minutes": 0\n}'),
    "settings.json:4:3: interval_minutes must be at least 1",
  );
});

Deno.test("Every problem is reported, including nested objects, lists and unknown keys", () => {
  assert.deepEqual(messageOf('{"smtp": {"port": 0,\n"prot": 1},\n"user_types": ["a",\n ""]}').split("\n"), [
    "settings.json:1:11: smtp.port must be at least 1",
    "settings.json:2:1: smtp.prot is not a setting (did you mean smtp.port?)",
    "settings.json:4:2: user_types.1 must not be empty",
  ]);
});

for (
  const [what, text, message] of [
    ["an empty file", "", "1:1: is not valid JSON at this position: a value is expected"],
    [
      "a comment",
      '{\n // five\n "interval_minutes": 5}',
      "2:2: is not valid JSON at this position: comments are not allowed",
    ],
    [
      "a missing comma",
      '{"mail_on": "always"\n"settle_seconds": 1}',
      "2:1: settle_seconds is not valid JSON at this position: a comma is expected",
    ],
    [
      "a trailing comma",
      '{"settle_seconds": 1,}',
      "1:22: is not valid JSON at this position: expected a key in double quotes",
    ],
    [
      "single quotes",
      "{'settle_seconds': 1}",
      "1:2: is not valid JSON at this position: text must be in double quotes",
    ],
    ["a second document", "{} {}", "1:4: is not valid JSON at this position: no text may follow the document"],
    ["a repeated key", '{"smtp": {"port": 1,\n"port": 2}}', "2:1: smtp.port is set more than once"],
    ["a list", "[]", "1:1: must be an object"],
    ["__proto__", '{"__proto__": {"settle_seconds": 1}}', "1:2: __proto__ is not a setting"],
  ]
) {
  Deno.test(`A settings file with ${what} is refused with the position of the error`, () => {
    assert.equal(messageOf(text), `settings.json:${message}`);
  });
}

Deno.test("A file that is not UTF-8 is refused with this reason", () => {
  const bytes = new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]);
  assert.throws(() => readSettings("s.json", bytes), { message: "s.json:1:1: must be UTF-8 text" });
});

Deno.test("Any text is either read as JSON or refused with a position", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    '"smtp"',
    "1",
    "01",
    "1e5",
    "-",
    "nul",
    "null",
    "\\",
    "\u00a0",
    "\n",
    "/*",
    "\t",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      try {
        read(text);
      } catch (error) {
        assert.ok(error instanceof BrokenSettingsFile && error.problems.length > 0, `${text}: ${error}`);
      }
    }),
    { numRuns: 3_000 },
  );
});
