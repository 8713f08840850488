/**
 * Sends hostile bodies to every call. The status must be correct, the response must not quote the body, and no data may
 * change.
 */
import assert from "node:assert/strict";
import { askWith, type Call, everyCall, nameOf } from "./every_call.ts";
import { ADMIN, LINK, READER, testHttp } from "./fake_service.ts";

const SECRET = "geheim-and-not-to-be-repeated";
const JSON_TYPE = "application/json";

interface Hostile {
  name: string;
  type: string | null;
  body: BodyInit | (() => BodyInit);
  headers?: Record<string, string>;
  /** The expected status for calls that take each kind of body; undefined if that kind is not tested. */
  settings?: number;
  nothing?: number;
  file?: number;
}

const text = (value: string) => new TextEncoder().encode(value);
const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1_000)) });
const nested = (levels: number) => '{"smtp":'.repeat(levels) + `"${SECRET}"` + "}".repeat(levels);
const lists = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const keys = (count: number) => `{${Array.from({ length: count }, (_, number) => `"${number}":1`).join()}}`;

const HOSTILE: Hostile[] = [
  { name: "over the limit", type: JSON_TYPE, body: text(" ".repeat(65_537)), settings: 413, nothing: 413 },
  { name: "over the limit, without a length", type: JSON_TYPE, body: endless, settings: 413, nothing: 413 },
  {
    name: "over the limit, with an understated length",
    type: JSON_TYPE,
    body: endless,
    headers: { "content-length": "2" },
    settings: 413,
    nothing: 413,
  },
  {
    name: "over the limit by its declared length alone",
    type: JSON_TYPE,
    body: text("{}"),
    headers: { "content-length": "999999999999" },
    settings: 413,
    nothing: 413,
  },
  {
    name: "a file over the limit by its declared length alone",
    type: "text/csv",
    body: text("unique_id"),
    headers: { "content-length": "999999999999" },
    file: 413,
  },
  { name: "100,000 nested lists", type: JSON_TYPE, body: lists(100_000), settings: 413, nothing: 413 },
  { name: "a million keys", type: JSON_TYPE, body: keys(1_000_000), settings: 413, nothing: 413 },
  { name: "lists nested to the limit", type: JSON_TYPE, body: lists(32_000), settings: 422, nothing: 422 },
  { name: "objects nested to the limit", type: JSON_TYPE, body: nested(7_000), settings: 422, nothing: 422 },
  { name: "as many keys as the limit allows", type: JSON_TYPE, body: keys(7_000), settings: 422, nothing: 422 },
  {
    name: "a key __proto__",
    type: JSON_TYPE,
    body: `{"__proto__":{"interval_minutes":9,"smtp":{"password":"${SECRET}"}}}`,
    settings: 422,
    nothing: 422,
  },
  {
    name: "a key constructor",
    type: JSON_TYPE,
    body: `{"constructor":{"prototype":{"role":"${SECRET}"}}}`,
    settings: 422,
    nothing: 422,
  },
  {
    name: "a nested key __proto__",
    type: JSON_TYPE,
    body: `{"smtp":{"__proto__":{"host":"${SECRET}"}}}`,
    settings: 422,
    nothing: 422,
  },
  { name: "a list", type: JSON_TYPE, body: `["${SECRET}"]`, settings: 422, nothing: 422 },
  { name: "null", type: JSON_TYPE, body: "null", settings: 422, nothing: 422 },
  { name: "not UTF-8", type: JSON_TYPE, body: new Uint8Array([0x22, 0xff, 0x22]), settings: 400, nothing: 400 },
  {
    name: "UTF-16",
    type: JSON_TYPE,
    body: new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0]),
    settings: 400,
    nothing: 400,
  },
  { name: "cut off", type: JSON_TYPE, body: `{"smtp":{"password":"${SECRET}"`, settings: 400, nothing: 400 },
  { name: "two documents", type: JSON_TYPE, body: `{}{"x":"${SECRET}"}`, settings: 400, nothing: 400 },
  { name: "a NUL", type: JSON_TYPE, body: `{"failed_import_email":"a\0@${SECRET}"}`, settings: 400, nothing: 400 },
  {
    name: "an escaped NUL",
    type: JSON_TYPE,
    body: '{"failed_import_email":"a\\u0000@x"}',
    settings: 422,
    nothing: 422,
  },
  { name: "text", type: "text/plain", body: `{"x":"${SECRET}"}`, settings: 415, nothing: 415 },
  {
    name: "a form",
    type: "application/x-www-form-urlencoded",
    body: `interval_minutes=9&x=${SECRET}`,
    settings: 415,
    nothing: 415,
  },
  {
    name: "a multipart form",
    type: "multipart/form-data; boundary=x",
    body: "--x--",
    settings: 415,
    nothing: 415,
    file: 415,
  },
  { name: "JSON where a file is expected", type: JSON_TYPE, body: text("{}"), file: 415 },
  { name: "no content type", type: null, body: text('{"interval_minutes":9}'), settings: 415, nothing: 415, file: 200 },
  { name: "an empty body as JSON", type: JSON_TYPE, body: text(""), settings: 400 },
  { name: "an empty body without a content type", type: null, body: text(""), settings: 415, file: 200 },
];

Deno.test("Every call refuses hostile bodies with the right status, quotes nothing and changes nothing", async () => {
  await using http = await testHttp();
  const settings = await http.ask("GET", "/settings");
  const [etag, before] = [settings.headers.get("etag"), await settings.text()];
  let asked = 0;
  for (const call of everyCall(http).filter(({ method, isOpen }) => method !== "GET" && !isOpen)) {
    for (const { name, type, body, headers, ...wanted } of HOSTILE) {
      const status = wanted[call.body];
      if (status === undefined) continue;
      const given = typeof body === "function" ? body() : body;
      const answer = headers === undefined
        ? await askWith(http, call, type, given)
        : await http.ask(call.method, call.path, {
          body: given,
          headers: { authorization: `Bearer ${call.token}`, ...headers, "content-type": type! },
        });
      const document = await answer.text();
      const what = `${nameOf(call)} with ${name}`;
      assert.equal(answer.status, status, `${what}: ${document.slice(0, 200)}`);
      assert.ok(document.length < 20_000, `${what}: ${document.length} characters`);
      for (const secret of [SECRET, ADMIN, READER, LINK]) assert.ok(!document.includes(secret), what);
      asked++;
    }
  }
  const after = await http.ask("GET", "/settings");
  assert.deepEqual([after.headers.get("etag"), await after.text()], [etag, before]);
  assert.equal(({} as { role?: string }).role, undefined);
  console.log(`${asked} hostile bodies`);
});

Deno.test("A GET with a body is refused, however its length is declared", async () => {
  await using http = await testHttp();
  const isRead = ({ method, isOpen }: Call) => method === "GET" && !isOpen;
  for (const { path } of everyCall(http).filter(isRead)) {
    for (
      const [name, value, status] of [
        ["content-length", "5", 400],
        ["content-length", "65537", 413],
        ["transfer-encoding", "chunked", 400],
      ] as const
    ) {
      for (const method of ["GET", "HEAD"]) {
        const answer = await http.ask(method, path, { headers: { [name]: value } });
        assert.equal(answer.status, status, `${method} ${path} with ${name}: ${value}`);
      }
    }
  }
});
