import assert from "node:assert/strict";
import { openSettingsFile } from "../../src/host/settings_file.ts";
import { systemClock } from "../../src/runtime/clock.ts";

async function inFolder(work: (path: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await work(`${folder}/settings.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const open = (path: string) => openSettingsFile(path, systemClock, "http");
const shown = async (path: string) =>
  (await open(path).history(50)).changes.map((
    { how, changes },
  ) => [how, ...changes.map(({ key, from, to }) => [key, from, to])]);

Deno.test("The history lists each change with its method, key, old value and new value, newest first", () =>
  inFolder(async (path) => {
    await open(path).patch({ interval_minutes: 9, archive_guard: { min_users: 5 } });
    await openSettingsFile(path, systemClock).patch({ login_sources: ["ldap"] });
    assert.deepEqual(await shown(path), [
      ["command", ["login_sources", [], ["ldap"]]],
      ["http", ["interval_minutes", 5, 9], ["archive_guard.min_users", 20, 5]],
    ]);
    const { changes: [{ at }] } = await open(path).history(1);
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
  }));

Deno.test("A change without effect is not in the history", () =>
  inFolder(async (path) => {
    await open(path).patch({ interval_minutes: 5 });
    await open(path).noteEdits();
    assert.deepEqual(await shown(path), []);
  }));

Deno.test("The history shows that a secret changed, but not the secret", () =>
  inFolder(async (path) => {
    const smtp = { host: "mail.example.edu", user: "rosterd", password: "first-secret" };
    await open(path).patch({ smtp });
    await open(path).patch({ smtp: { password: "second-secret" } });
    await open(path).patch({ smtp: { password: "second-secret" } });
    assert.deepEqual(await shown(path), [
      ["http", ["smtp.password", "***", "***"]],
      ["http", ["smtp.host", "", "mail.example.edu"], ["smtp.user", "", "rosterd"], ["smtp.password", "", "***"]],
    ]);
    assert.doesNotMatch(await Deno.readTextFile(`${path}.history`), /first-|second-/);
    assert.equal((await Deno.stat(`${path}.history`)).mode! & 0o777, 0o600);
  }));

Deno.test("The history shows a manual edit, even if a change over HTTP follows", () =>
  inFolder(async (path) => {
    await open(path).patch({ interval_minutes: 9 });
    await Deno.writeTextFile(path, '{"interval_minutes": 7}');
    await open(path).noteEdits();
    await Deno.writeTextFile(path, '{"interval_minutes": 6}');
    await open(path).patch({ settle_seconds: 1 });
    assert.deepEqual(await shown(path), [
      ["http", ["settle_seconds", 30, 1]],
      ["file", ["interval_minutes", 7, 6]],
      ["file", ["interval_minutes", 9, 7]],
      ["http", ["interval_minutes", 5, 9]],
    ]);
  }));

Deno.test("The history is read a page at a time", () =>
  inFolder(async (path) => {
    for (const minutes of [1, 2, 3]) await open(path).patch({ interval_minutes: minutes });
    const first = await open(path).history(2);
    assert.deepEqual(first.changes.map(({ changes: [{ to }] }) => to), [3, 2]);
    const second = await open(path).history(2, first.next!);
    assert.deepEqual([second.changes.map(({ changes: [{ to }] }) => to), second.next], [[1], null]);
  }));

Deno.test("A damaged history does not prevent changes of settings", () =>
  inFolder(async (path) => {
    await open(path).patch({ interval_minutes: 9 });
    await Deno.writeTextFile(`${path}.history`, "{ not json\n", { append: true });
    await open(path).patch({ interval_minutes: 8 });
    assert.deepEqual((await shown(path)).map(([, [, , to]]) => to), [8, 9]);
  }));

Deno.test("The history names the author of each change, except for manual edits and entries of older versions", () =>
  inFolder(async (path) => {
    await open(path).patch({ interval_minutes: 9 }, undefined, "anna");
    await Deno.writeTextFile(path, '{"interval_minutes": 7}');
    await open(path).noteEdits();
    const lines = (await Deno.readTextFile(`${path}.history`)).trim().split("\n").map((line) => JSON.parse(line));
    const { how: _, ...old } = { ...lines.at(-2), by: "http" };
    await Deno.writeTextFile(
      `${path}.history`,
      [...lines.slice(0, -2), old, lines.at(-1)].map((line) => JSON.stringify(line) + "\n").join(""),
    );
    await open(path).patch({ interval_minutes: 6 }, undefined, "anna");
    const { changes } = await open(path).history(50);
    assert.deepEqual(changes.map(({ how, by }) => [how, by]), [["http", "anna"], ["file", null], ["http", null]]);
  }));
