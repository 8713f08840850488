/** A settings document is validated as a whole, and each invalid key is named. */
import assert from "node:assert/strict";
import { DEFAULT_SETTINGS, mailConfigured, maskSettings } from "../../src/domain/settings.ts";
import { InvalidSettings, parseSettings } from "../../src/domain/parse_settings.ts";

/** The invalid keys in a document. */
function wrongKeys(document: unknown): string[] {
  try {
    parseSettings(document);
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidSettings);
    return error.problems.map(({ key }) => key);
  }
}

Deno.test("a document needs to name only the keys that differ from the defaults", () => {
  assert.deepEqual(parseSettings({}), DEFAULT_SETTINGS);
  assert.deepEqual(parseSettings({ interval_minutes: 60 }), { ...DEFAULT_SETTINGS, interval_minutes: 60 });
});

Deno.test("every wrong key is named, including unknown keys and keys of a group", () => {
  const document = { interval_minutes: "5", colour: "red", smtp: { port: 70_000, hostt: "mail" } };
  assert.deepEqual(wrongKeys(document).sort(), ["colour", "interval_minutes", "smtp.hostt", "smtp.port"]);
  assert.deepEqual(wrongKeys([]), [""], "the document as a whole");
});

Deno.test("mail needs a server, a sender and at least one receiver", () => {
  const complete = {
    smtp: { host: "mail.example.edu" },
    reply_to_admin_email: "admin@example.edu",
    failed_import_email: "registry@example.edu, parking@example.edu",
  };
  assert.equal(mailConfigured(parseSettings(complete)), true);
  for (const key of Object.keys(complete)) {
    assert.equal(mailConfigured(parseSettings({ ...complete, [key]: undefined })), false, key);
  }
});

Deno.test("a password is masked when shown, and stays in the settings", () => {
  const settings = parseSettings({ smtp: { password: "secret" } });
  assert.equal(maskSettings(settings).smtp.password, "***");
  assert.equal(settings.smtp.password, "secret");
  assert.equal(maskSettings(DEFAULT_SETTINGS).smtp.password, "", "an empty password needs no mask");
});
