import assert from "node:assert/strict";
import { BrokenTokensFile, TokenRefused, TokensFile, tokensPath } from "../../src/host/tokens_file.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { secretDigest } from "../../src/runtime/secrets.ts";

const MINUTE_MS = 60_000;

async function inFolder(work: (folder: string, tokens: TokensFile, wait: (ms: number) => void) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  let now = Date.parse("2026-11-23T18:00:00Z");
  const clock = { ...systemClock, now: () => new Date(now) };
  try {
    await work(folder, new TokensFile(folder, clock), (ms) => void (now += ms));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("A named token has 256 random bits, and the file, readable only by its owner, stores only its hash", () =>
  inFolder(async (folder, tokens) => {
    assert.deepEqual(await tokens.credentials(), []);
    const secret = await tokens.add("anna@example.edu", "clerk");
    assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
    const [{ name, role, kind, sha256 }] = await tokens.credentials();
    assert.deepEqual([name, role, kind, sha256], ["anna@example.edu", "clerk", "token", secretDigest(secret)]);
    assert.ok(!(await Deno.readTextFile(tokensPath(folder))).includes(secret));
    for (const path of [tokensPath(folder), `${tokensPath(folder)}.lock`]) {
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    }
  }));

Deno.test("Names are unique and plain, and the names of built-in tokens are refused", () =>
  inFolder(async (_, tokens) => {
    await tokens.add("anna", "read");
    for (const name of ["anna", "Anna", "", "-a", "a b", "é", "a\n", "a".repeat(65), "admin", "read"]) {
      await assert.rejects(tokens.add(name, "read"), TokenRefused, name);
    }
    await assert.rejects(tokens.remove("ben"), TokenRefused);
    await assert.rejects(tokens.addLink("ben"), TokenRefused);
  }));

Deno.test("A sign-in link starts one session within ten minutes, and the session ends after 12 hours", () =>
  inFolder(async (_, tokens, wait) => {
    await tokens.add("anna", "clerk");
    const kinds = async () => (await tokens.credentials()).map(({ name, role, kind }) => `${name} ${role} ${kind}`);
    const late = await tokens.addLink("anna");
    wait(10 * MINUTE_MS);
    assert.equal(await tokens.startSession(late.secret), null);
    const { secret } = await tokens.addLink("anna");
    wait(9 * MINUTE_MS);
    const started = await Promise.all(Array.from({ length: 5 }, () => tokens.startSession(secret)));
    const [session, ...more] = started.filter((each) => each !== null);
    assert.deepEqual(more, [], "a link works once, even for clients at the same time");
    assert.notEqual(session.secret, secret);
    assert.deepEqual(await kinds(), ["anna clerk token", "anna clerk session"]);
    assert.equal(await tokens.startSession(session.secret), null);
    wait(12 * 60 * MINUTE_MS);
    assert.deepEqual(await kinds(), ["anna clerk token"]);
  }));

Deno.test("Removing a token ends its links and sessions, but does not affect other tokens", () =>
  inFolder(async (_, tokens) => {
    await tokens.add("anna", "admin");
    await tokens.add("ben", "read");
    await tokens.startSession((await tokens.addLink("anna")).secret);
    const { secret } = await tokens.addLink("anna");
    await tokens.remove("anna");
    assert.deepEqual((await tokens.credentials()).map(({ name }) => name), ["ben"]);
    assert.equal(await tokens.startSession(secret), null);
  }));

Deno.test("Simultaneous changes are all kept", () =>
  inFolder(async (folder) => {
    const names = Array.from({ length: 8 }, (_, at) => `t${at}`);
    await Promise.all(names.map((name) => new TokensFile(folder, systemClock).add(name, "read")));
    const found = await new TokensFile(folder, systemClock).list();
    assert.deepEqual(found.map(({ name }) => name).sort(), names);
  }));

Deno.test("A damaged file is never overwritten, and none of its tokens works", () =>
  inFolder(async (folder, tokens) => {
    await tokens.add("anna", "admin");
    for (const damaged of ["", "{}", '[{"name": "anna", "role": "boss"}]', "[{"]) {
      await Deno.writeTextFile(tokensPath(folder), damaged);
      await assert.rejects(tokens.credentials(), BrokenTokensFile);
      await assert.rejects(tokens.add("ben", "read"), BrokenTokensFile);
      assert.equal(await Deno.readTextFile(tokensPath(folder)), damaged);
    }
  }));
