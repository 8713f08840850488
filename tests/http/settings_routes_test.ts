import assert from "node:assert/strict";
import { DEFAULT_SETTINGS, maskSettings } from "../../src/domain/settings.ts";
import { BrokenSettingsFile } from "../../src/domain/stored_settings.ts";
import { testHttp } from "./fake_service.ts";

const SMTP = { host: "mail.example", port: 25, security: "tls", user: "rosterd", password: "geheim", ca_file: "" };

Deno.test("Settings are returned with an ETag and masked secrets", async () => {
  await using http = await testHttp();
  await http.json("PATCH", "/settings", { smtp: SMTP });
  const answer = await http.ask("GET", "/settings");
  assert.match(answer.headers.get("etag")!, /^"[^"]+"$/);
  assert.deepEqual(await answer.json(), { ...DEFAULT_SETTINGS, smtp: { ...SMTP, password: "***" } });
});

Deno.test("A patch of either content type changes the named keys, and returns the new settings and ETag", async () => {
  await using http = await testHttp();
  const before = await http.ask("GET", "/settings");
  for (
    const [type, minutes] of [["application/merge-patch+json", 7], ["application/json; charset=utf-8", 8]] as const
  ) {
    const answer = await http.json("PATCH", "/settings", { interval_minutes: minutes }, { "content-type": type });
    assert.equal(answer.status, 200);
    assert.notEqual(answer.headers.get("etag"), before.headers.get("etag"));
    assert.equal((await answer.json()).interval_minutes, minutes);
  }
  const reset = await http.json("PATCH", "/settings", { interval_minutes: null });
  assert.deepEqual(await reset.json(), DEFAULT_SETTINGS);
});

Deno.test("If two admins change the same settings, the second gets 412", async () => {
  await using http = await testHttp();
  const etag = (await http.ask("GET", "/settings")).headers.get("etag")!;
  assert.equal((await http.json("PATCH", "/settings", { settle_seconds: 1 }, { "if-match": etag })).status, 200);
  for (const method of ["PATCH", "PUT"]) {
    const answer = await http.json(method, "/settings", { ...DEFAULT_SETTINGS, settle_seconds: 2 }, {
      "if-match": etag,
    });
    assert.equal(answer.status, 412);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
  }
  assert.equal((await (await http.ask("GET", "/settings")).json()).settle_seconds, 1);
});

Deno.test("Invalid settings are refused with each key named, and nothing is changed", async () => {
  await using http = await testHttp();
  const answer = await http.json("PATCH", "/settings", { interval_minutes: 0, smtp: { port: "x" }, nonsense: 1 });
  assert.equal(answer.status, 422);
  const { errors, ...problem } = await answer.json();
  assert.deepEqual(problem, {
    type: "about:blank",
    title: "Unprocessable Entity",
    status: 422,
    detail: "the settings are not valid, and nothing was changed",
  });
  assert.deepEqual(errors, [
    { key: "interval_minutes", message: "must be at least 1" },
    { key: "smtp.port", message: "must be a whole number" },
    { key: "nonsense", message: "is not a setting" },
  ]);
  assert.deepEqual(await (await http.ask("GET", "/settings")).json(), DEFAULT_SETTINGS);
});

Deno.test("PUT needs every key, and accepts what GET returned", async () => {
  await using http = await testHttp();
  await http.json("PATCH", "/settings", { smtp: SMTP });
  const shown = await (await http.ask("GET", "/settings")).json();
  assert.equal((await http.json("PUT", "/settings", { ...shown, mail_on: "always" })).status, 200);
  const { mail_on: _, ...partial } = shown;
  const answer = await http.json("PUT", "/settings", partial);
  assert.equal(answer.status, 422);
  assert.deepEqual((await answer.json()).errors, [{ key: "mail_on", message: "is missing" }]);
});

Deno.test("The mail server can be changed only together with the password", async () => {
  await using http = await testHttp();
  await http.json("PATCH", "/settings", { smtp: SMTP });
  const answer = await http.json("PATCH", "/settings", { smtp: { host: "evil.example" } });
  assert.equal(answer.status, 422);
  assert.deepEqual((await answer.json()).errors, [
    { key: "smtp.password", message: "must be entered again because smtp.host changed" },
  ]);
});

Deno.test("A settings file with a mistake is reported with line and column, and not overwritten", async () => {
  const broken = () =>
    Promise.reject(
      new BrokenSettingsFile("settings.json", [{ line: 4, column: 3, key: "mail_on", message: "is wrong" }]),
    );
  await using http = await testHttp({
    service: { settings: { read: broken, patch: broken, replace: broken, history: broken } },
  });
  for (
    const answer of [
      await http.ask("GET", "/settings"),
      await http.json("PUT", "/settings", maskSettings(DEFAULT_SETTINGS)),
    ]
  ) {
    assert.equal(answer.status, 409);
    assert.deepEqual((await answer.json()).errors, [{ key: "mail_on", message: "is wrong (line 4, column 3)" }]);
  }
});

Deno.test("The response to a test email contains the result", async () => {
  await using http = await testHttp();
  const answer = await http.ask("POST", "/settings/test-mail");
  assert.deepEqual([answer.status, await answer.json()], [200, { sent: false, text: "no mail server is set" }]);
});
