import assert from "node:assert/strict";
import { GROUPS } from "../../src/http/page/assets/settings_layout.js";
import { flatten } from "../../src/http/page/assets/settings_patch.js";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { testHttp } from "../http/fake_service.ts";

const FOLDER = new URL("../../src/http/page/assets/", import.meta.url);

Deno.test("The page itself needs no token, and allows only content from the service", async () => {
  await using http = await testHttp();
  const answer = await http.app.request("/");
  const shell = await answer.text();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(answer.headers.get("content-security-policy")!, /^default-src 'self'; .*frame-ancestors 'none'/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
  assert.doesNotMatch(shell, /<style|style=|<script(?! type="module" src="assets\/)|\son\w+=|https?:|"\//);
});

Deno.test("Every file of the page is served, and every file that one of them names exists", async () => {
  await using http = await testHttp();
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);
  assert.ok(files.length > 25);
  for (const name of files) {
    const answer = await http.app.request(`/assets/${name}`);
    const text = await answer.text();
    assert.equal(answer.status, 200, name);
    assert.equal(text, Deno.readTextFileSync(new URL(name, FOLDER)));
    for (const [, other] of text.matchAll(/(?:from "\.\/|"assets\/)([\w.-]+)"/g)) {
      assert.equal((await http.app.request(`/assets/${other}`)).status, 200, `${name} names ${other}`);
    }
    if (name.endsWith(".js")) {
      assert.equal(answer.headers.get("content-type"), "text/javascript; charset=utf-8");
      assert.doesNotMatch(
        text,
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|localStorage|\.cookie|https?:\/\/(?!www\.w3\.org\/2000\/svg)/,
        name,
      );
    }
  }
});

Deno.test("A file is sent again only if its ETag has changed", async () => {
  await using http = await testHttp();
  for (const path of ["/", "/assets/app.js", "/assets/description.json"]) {
    const first = await http.app.request(path);
    const etag = first.headers.get("etag")!;
    assert.equal(first.headers.get("cache-control"), "no-cache");
    const ask = (tags: string) => http.app.request(path, { headers: { "if-none-match": tags } });
    for (const tags of [etag, `"other", W/${etag}`, "*"]) {
      const again = await ask(tags);
      assert.deepEqual([again.status, await again.text(), again.headers.get("etag")], [304, "", etag], path);
    }
    assert.equal((await ask('"other"')).status, 200);
  }
});

Deno.test("An unknown file of the page gets 404 without a token, and a foreign host name gets 421", async () => {
  await using http = await testHttp();
  assert.equal((await http.app.request("/assets/secrets.js")).status, 404);
  assert.equal((await http.app.request("/assets/constructor")).status, 404);
  assert.equal((await http.app.request("/assets/..%2fshell.html")).status, 404);
  assert.equal((await http.app.request("/", { headers: { host: "evil.example" } })).status, 421);
});

Deno.test("The form has a place, a label and an explanation for every setting", async () => {
  await using http = await testHttp();
  const { settings } = await (await http.app.request("/assets/description.json")).json();
  const explained = Object.entries<{ properties?: object; description?: string }>(settings.properties).flatMap(
    ([key, schema]) =>
      schema.properties === undefined
        ? [[key, schema.description] as const]
        : Object.entries<{ description?: string }>(schema.properties as never).map((
          [inner, { description }],
        ) => [`${key}.${inner}`, description] as const),
  );
  const keys = Object.keys(flatten(DEFAULT_SETTINGS)).sort(), hasOwnForm = (key: string) => key === "feeds";
  assert.deepEqual(explained.map(([key]) => key).sort(), keys);
  assert.deepEqual(explained.filter(([, description]) => (description ?? "").length < 10), []);
  assert.deepEqual(
    GROUPS.flatMap(({ items }) => items.map(({ key }) => key)).sort(),
    keys.filter((key) => !hasOwnForm(key)),
  );
});
