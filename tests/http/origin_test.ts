import assert from "node:assert/strict";
import type { HostNames } from "../../src/http/origin.ts";
import { testHttp } from "./fake_service.ts";

async function statusOf(headers: Record<string, string>, hosts?: HostNames, method = "POST"): Promise<number> {
  await using http = await testHttp({ options: hosts === undefined ? {} : { hosts } });
  return (await http.ask(method, "/imports", { headers })).status;
}

for (
  const host of [
    "localhost",
    "LOCALHOST:8080",
    "127.0.0.1:8080",
    "[::1]:8080",
    "rosters.example",
    "rosters.example:443",
  ]
) {
  Deno.test(`The host name ${host} is accepted`, async () => {
    assert.equal(await statusOf({ host }), 202);
  });
}

for (
  const host of [
    "evil.example",
    "rosters.example.evil.example",
    "192.0.2.7:8080",
    "localhost@evil.example",
    "evil.example/localhost",
    "localhost.",
    "x y",
  ]
) {
  Deno.test(`The host name ${host} is refused`, async () => {
    assert.equal(await statusOf({ host }, undefined, "GET"), 421);
  });
}

Deno.test("The open calls are also refused under a foreign host name", async () => {
  await using http = await testHttp();
  assert.equal((await http.app.request("/healthz", { headers: { host: "evil.example" } })).status, 421);
});

Deno.test("A service that listens on all addresses accepts any IP address as host, but only known names", async () => {
  for (const listen of ["0.0.0.0", "::"]) {
    const hosts = { listen, more: [] };
    assert.equal(await statusOf({ host: "192.0.2.7:8080" }, hosts), 202);
    assert.equal(await statusOf({ host: "[fd00::7]:8080" }, hosts), 202);
    assert.equal(await statusOf({ host: "evil.example" }, hosts), 421);
  }
});

Deno.test("An unsafe request from the service's own page is accepted, even through a proxy", async () => {
  assert.equal(await statusOf({ host: "localhost:8080", origin: "http://localhost:8080" }), 202);
  assert.equal(await statusOf({ host: "127.0.0.1:8080", origin: "https://rosters.example" }), 202);
});

for (
  const origin of [
    "null",
    "https://evil.example",
    "http://localhost:3000",
    "file://localhost:8080",
    "http://rosters.example@evil.example",
  ]
) {
  Deno.test(`An unsafe request from the origin ${origin} is refused, but a safe one is not`, async () => {
    assert.equal(await statusOf({ host: "localhost:8080", origin }), 403);
    assert.equal(await statusOf({ host: "localhost:8080", origin }, undefined, "GET"), 200);
  });
}
