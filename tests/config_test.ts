import assert from "node:assert/strict";
import { type Flags, readConfig, WrongConfiguration } from "../src/config.ts";

interface Given {
  flags?: Flags;
  env?: Record<string, string>;
  files?: Record<string, string>;
  isTerminal?: boolean;
}

function config({ flags = {}, env = {}, files = {}, isTerminal = false }: Given) {
  return readConfig(flags, {
    env: (name) => env[name],
    readTextFile: (path) => {
      if (path in files) return files[path];
      throw Object.assign(new Deno.errors.NotFound(path), { code: "ENOENT" });
    },
    isTerminal: () => isTerminal,
  });
}

function refusal(given: Given): string {
  try {
    config(given);
  } catch (error) {
    if (error instanceof WrongConfiguration) return error.message;
    throw error;
  }
  assert.fail("the configuration was accepted");
}

Deno.test("Without flags and variables the documented defaults apply", () => {
  assert.deepEqual(config({}), {
    upload: "./upload",
    settings: "./settings.json",
    data: "./data",
    databaseUrl: null,
    listen: { hostname: "127.0.0.1", port: 8080 },
    hosts: [],
    adminToken: null,
    readToken: null,
    smtpPassword: null,
    logLevel: "info",
    logFormat: "json",
  });
  assert.equal(config({ isTerminal: true }).logFormat, "text");
});

Deno.test("A flag overrides a variable, and a variable overrides the default", () => {
  const env = { ROSTERD_UPLOAD: "/srv/in", ROSTERD_DATA: "/srv/data" };
  const { upload, data } = config({ flags: { upload: "/mnt/in" }, env });
  assert.deepEqual([upload, data], ["/mnt/in", "/srv/data"]);
});

Deno.test("A variable with _FILE names a file with the value", () => {
  const env = {
    DATABASE_URL_FILE: "/run/db",
    ROSTERD_ADMIN_TOKEN_FILE: "/run/token",
    ROSTERD_SMTP_PASSWORD_FILE: "/run/pw",
  };
  const files = { "/run/db": "postgres://u:p@db/rosters\n", "/run/token": "abc\r\n", "/run/pw": " two\nlines \n" };
  const { databaseUrl, adminToken, smtpPassword } = config({ env, files });
  assert.deepEqual([databaseUrl, adminToken, smtpPassword], ["postgres://u:p@db/rosters", "abc", " two\nlines "]);
});

Deno.test("A variable together with its _FILE, a missing file and an empty file are refused", () => {
  const env = { ROSTERD_READ_TOKEN: "a", ROSTERD_READ_TOKEN_FILE: "/run/t" };
  assert.equal(refusal({ env }), "ROSTERD_READ_TOKEN and ROSTERD_READ_TOKEN_FILE are both set; unset one");
  const named = { ROSTERD_READ_TOKEN_FILE: "/run/t" };
  assert.equal(refusal({ env: named }), "ROSTERD_READ_TOKEN_FILE names /run/t, which cannot be read (ENOENT)");
  assert.equal(
    refusal({ env: named, files: { "/run/t": "\n" } }),
    "ROSTERD_READ_TOKEN_FILE names /run/t, which is empty",
  );
});

Deno.test("An empty variable counts as unset, and an empty flag is refused", () => {
  assert.equal(config({ env: { ROSTERD_READ_TOKEN: "", ROSTERD_UPLOAD: "" } }).upload, "./upload");
  assert.equal(refusal({ flags: { upload: "" } }), "--upload must not be empty");
});

for (
  const [text, hostname, port] of [
    ["127.0.0.1:0", "127.0.0.1", 0],
    ["[::1]:8080", "::1", 8080],
    ["[::]:8080", "::", 8080],
    [":8080", "0.0.0.0", 8080],
    ["rosters.example:65535", "rosters.example", 65535],
  ] as const
) {
  Deno.test(`--listen ${text} is understood`, () => {
    assert.deepEqual(config({ flags: { listen: text } }).listen, { hostname, port });
  });
}

for (
  const text of ["8080", "::1:8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "http://x:80", "a b:80", "[x]:80"]
) {
  Deno.test(`--listen ${text} is refused`, () => {
    assert.equal(
      refusal({ env: { ROSTERD_LISTEN: text } }),
      "--listen (ROSTERD_LISTEN) must be ADDRESS:PORT, such as 127.0.0.1:8080, [::1]:8080 or :8080",
    );
  });
}

Deno.test("Host names are split and converted to lower case, and a scheme or port is refused", () => {
  assert.deepEqual(config({ flags: { hosts: "Rosters.example, [fd00::1],," } }).hosts, [
    "rosters.example",
    "[fd00::1]",
  ]);
  assert.match(refusal({ flags: { hosts: "http://x" } }), /^--hosts \(ROSTERD_HOSTS\) must be host names/);
  assert.match(refusal({ flags: { hosts: "x:80" } }), /without http:\/\/ or a port, not "x:80"$/);
});

Deno.test("Wrong values are refused, and no message shows a secret", () => {
  const message = refusal({ env: { DATABASE_URL: "mysql://root:geheim@db" } });
  assert.equal(message, "DATABASE_URL must begin with postgres:// or postgresql://");
  assert.doesNotMatch(refusal({ env: { ROSTERD_ADMIN_TOKEN: "geheim mit Blank" } }), /geheim/);
  assert.equal(refusal({ flags: { "log-level": "loud" } }), "--log-level must be one of debug, info, warn, error");
  assert.equal(refusal({ flags: { "log-format": "xml" } }), "--log-format must be one of text, json");
});

Deno.test("The read token must not be the admin token", () => {
  const env = { ROSTERD_ADMIN_TOKEN: "same", ROSTERD_READ_TOKEN: "same" };
  assert.equal(refusal({ env }), "ROSTERD_READ_TOKEN must differ from ROSTERD_ADMIN_TOKEN");
});

Deno.test("The configuration cannot be changed", () => {
  const frozen = config({});
  assert.ok(Object.isFrozen(frozen) && Object.isFrozen(frozen.listen) && Object.isFrozen(frozen.hosts));
});
