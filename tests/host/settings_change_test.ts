import assert from "node:assert/strict";
import { DEFAULT_SETTINGS, MASK, maskSettings, type Settings } from "../../src/domain/settings.ts";
import { InvalidSettings } from "../../src/domain/parse_settings.ts";
import { patchedSettings, patchFromAssignments, replacedSettings } from "../../src/host/settings_change.ts";

const STORED: Settings = {
  ...DEFAULT_SETTINGS,
  interval_minutes: 7,
  header_aliases: { "Student Number": "student_no" },
  smtp: { host: "mail.example", port: 25, security: "tls", user: "rosterd", password: "geheim", ca_file: "" },
};

function problemsOf(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidSettings) return error.problems.map(({ key, message }) => `${key} ${message}`);
    throw error;
  }
  return [];
}

Deno.test("A patch changes only the keys that it names", () => {
  assert.deepEqual(patchedSettings(STORED, { settle_seconds: 3 }), { ...STORED, settle_seconds: 3 });
  assert.deepEqual(patchedSettings(STORED, {}), STORED);
});

Deno.test("Null means the default, at any depth", () => {
  assert.equal(patchedSettings(STORED, { interval_minutes: null }).interval_minutes, 5);
  assert.deepEqual(patchedSettings(STORED, { smtp: null }).smtp, DEFAULT_SETTINGS.smtp);
  assert.equal(patchedSettings(STORED, { smtp: { port: null, password: "new" } }).smtp.port, 587);
  assert.deepEqual(patchedSettings(STORED, { header_aliases: { "Student Number": null } }).header_aliases, {});
  assert.equal(patchedSettings(STORED, { archive_guard: { max_percent: 5 } }).archive_guard.min_users, 20);
});

Deno.test("A patch with unknown keys or bad values is refused, and the error names each key", () => {
  assert.deepEqual(problemsOf(() => patchedSettings(STORED, { interval_minutes: 0, smtp: { hots: "x" } })), [
    "interval_minutes must be at least 1",
    "smtp.hots is not a setting (did you mean smtp.host?)",
  ]);
  for (const patch of [null, [], 5, "x"]) {
    assert.deepEqual(problemsOf(() => patchedSettings(STORED, patch)), [" must be an object"]);
  }
});

Deno.test("A patch can neither change the prototype nor exhaust the stack", () => {
  const hostile = JSON.parse('{"__proto__": {"interval_minutes": 9}, "smtp": {"__proto__": {"polluted": 1}}}');
  assert.deepEqual(problemsOf(() => patchedSettings(STORED, hostile)), [
    "smtp.__proto__ is not a setting",
    "__proto__ is not a setting",
  ]);
  assert.equal("polluted" in {}, false);
  const deep = JSON.parse('{"a":'.repeat(50_000) + "1" + "}".repeat(50_000));
  assert.deepEqual(problemsOf(() => patchedSettings(STORED, deep)), [" the document is nested too deeply"]);
});

Deno.test("The mask keeps the stored password, even in a whole document", () => {
  assert.equal(patchedSettings(STORED, { smtp: { password: MASK } }).smtp.password, "geheim");
  assert.deepEqual(replacedSettings(STORED, maskSettings(STORED)), STORED);
});

Deno.test("A password can be changed and removed", () => {
  assert.equal(patchedSettings(STORED, { smtp: { password: "neu" } }).smtp.password, "neu");
  assert.equal(patchedSettings(STORED, { smtp: { password: null } }).smtp.password, "");
});

for (const change of [{ host: "evil.example" }, { port: 2525 }, { security: "starttls" }, { user: "else" }]) {
  const name = Object.keys(change)[0];
  Deno.test(`smtp.${name} changes only together with the stored password`, () => {
    const refused = [`smtp.password must be entered again because smtp.${name} changed`];
    assert.deepEqual(problemsOf(() => patchedSettings(STORED, { smtp: change })), refused);
    assert.deepEqual(problemsOf(() => patchedSettings(STORED, { smtp: { ...change, password: MASK } })), refused);
    const whole = { ...STORED, smtp: { ...STORED.smtp, ...change, password: MASK } };
    assert.deepEqual(problemsOf(() => replacedSettings(STORED, whole)), refused);
    assert.deepEqual(problemsOf(() => patchedSettings(STORED, { smtp: { ...change, password: "geheim" } })), []);
    assert.deepEqual(
      problemsOf(() => patchedSettings(DEFAULT_SETTINGS, { smtp: { host: "mail.example", ...change } })),
      [],
    );
  });
}

Deno.test("A whole document needs every key, including nested ones", () => {
  const { mail_on: _, ...partial } = maskSettings(STORED);
  const { port: __, ...smtp } = partial.smtp;
  assert.deepEqual(problemsOf(() => replacedSettings(STORED, { ...partial, smtp })), [
    "mail_on is missing",
    "smtp.port is missing",
  ]);
  assert.deepEqual(problemsOf(() => replacedSettings(STORED, "x")), [" must be an object"]);
});

Deno.test("KEY=VALUE arguments become a patch with JSON values, or with text for a text setting", () => {
  assert.deepEqual(
    patchFromAssignments([
      "interval_minutes=10",
      "archive_inactive_users=true",
      'login_sources=["ldap"]',
      "mail_on=always",
      "smtp.port=25",
      "smtp.password=12=34",
      'smtp.user="quoted"',
      "smtp.host=null",
      "clear_token=",
      "header_aliases.Stud. No=student_no",
      "header_aliases.2027=student_no",
      "value_maps.active.Y=1",
      'value_maps.active.N.="0"',
      "value_maps.active.old=null",
      'value_maps.province={"Ontario":"ON"}',
      "defaults.login_source=7",
      'fill_only_columns=["email"]',
      "settle_seconds=soon",
    ]),
    {
      interval_minutes: 10,
      archive_inactive_users: true,
      login_sources: ["ldap"],
      mail_on: "always",
      smtp: { port: 25, password: "12=34", user: "quoted", host: null },
      clear_token: "",
      header_aliases: { "Stud. No": "student_no", 2027: "student_no" },
      value_maps: { active: { Y: "1", "N.": "0", old: null }, province: { Ontario: "ON" } },
      defaults: { login_source: "7" },
      fill_only_columns: ["email"],
      settle_seconds: "soon",
    },
  );
});

Deno.test("An argument without = is refused, and the message quotes no value", () => {
  assert.deepEqual(problemsOf(() => patchFromAssignments(["interval_minutes"])), [
    "interval_minutes must have the form KEY=VALUE",
  ]);
  assert.deepEqual(problemsOf(() => patchFromAssignments(["=geheim"])), [" must have the form KEY=VALUE"]);
});

Deno.test("The mail server of ROSTERD_SMTP_PASSWORD, once set, changes only together with that password", () => {
  const own = "secret-of-the-process";
  for (const password of ["", "geheim"]) {
    const current = { ...STORED, smtp: { ...STORED.smtp, password } };
    for (
      const change of [{ host: "evil.example" }, { port: 26 }, { security: "starttls" }, { user: "x" }, { host: "" }]
    ) {
      const refused = [
        `smtp.password must be entered again because smtp.${
          Object.keys(change)[0]
        } changed, and must match ROSTERD_SMTP_PASSWORD`,
      ];
      for (const given of [{}, { password: MASK }, { password: "geheim" }, { password: "" }]) {
        const patch = { smtp: { ...change, ...given } };
        assert.deepEqual(problemsOf(() => patchedSettings(current, patch, own)), refused);
        const whole = { ...current, smtp: { ...maskSettings(current).smtp, ...change, ...given } };
        assert.deepEqual(problemsOf(() => replacedSettings(current, whole, own)), refused);
      }
      // The settings file does not contain the password.
      const changed = patchedSettings(current, { smtp: { ...change, password: own } }, own);
      assert.deepEqual(changed.smtp, { ...current.smtp, ...change });
    }
    assert.equal(patchedSettings(current, { mail_on: "always" }, own).mail_on, "always");
  }
  assert.equal(patchedSettings(DEFAULT_SETTINGS, { smtp: { host: "mail.example" } }, own).smtp.host, "mail.example");
});
