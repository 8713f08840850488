import assert from "node:assert/strict";
import {
  adminTokenPath,
  makeDataFolder,
  readAdminToken,
  readOrMakeAdminToken,
  rotateAdminToken,
} from "../../src/host/data_folder.ts";
import { lastLockHolder, lockEmbeddedDatabase } from "../../src/host/data_folder.ts";
import { readServiceRecord, removeServiceRecord, writeServiceRecord } from "../../src/host/service_record.ts";

async function inDataFolder(work: (folder: string) => Promise<void>) {
  const above = await Deno.makeTempDir();
  try {
    const folder = `${above}/var/data`;
    await makeDataFolder(folder);
    await work(folder);
  } finally {
    await Deno.remove(above, { recursive: true });
  }
}

const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;

Deno.test("The data folder is created with access only for rosterd, and an existing one is left unchanged", () =>
  inDataFolder(async (folder) => {
    assert.equal(await modeOf(folder), 0o700);
    await Deno.chmod(folder, 0o750);
    await makeDataFolder(folder);
    assert.equal(await modeOf(folder), 0o750);
  }));

Deno.test("The admin token is created once from 256 random bits, and other users cannot read it", () =>
  inDataFolder(async (folder) => {
    assert.equal(await readAdminToken(folder), null);
    const token = await readOrMakeAdminToken(folder);
    assert.match(token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(await readOrMakeAdminToken(folder), token);
    assert.equal(await modeOf(adminTokenPath(folder)), 0o600);
  }));

Deno.test("Processes that start together get the same admin token", () =>
  inDataFolder(async (folder) => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => readOrMakeAdminToken(folder)));
    assert.equal(new Set(tokens).size, 1);
  }));

Deno.test("Rotation replaces the admin token", () =>
  inDataFolder(async (folder) => {
    const before = await readOrMakeAdminToken(folder);
    const after = await rotateAdminToken(folder);
    assert.notEqual(after, before);
    assert.equal(await readAdminToken(folder), after);
    assert.equal(await modeOf(adminTokenPath(folder)), 0o600);
  }));

Deno.test("One process locks the embedded database until it releases the lock", () =>
  inDataFolder(async (folder) => {
    assert.equal(await lastLockHolder(folder), null);
    const lock = await lockEmbeddedDatabase(folder);
    assert.notEqual(lock, null);
    assert.equal(await lockEmbeddedDatabase(folder), null);
    assert.equal(await lastLockHolder(folder), Deno.pid);
    lock![Symbol.dispose]();
    using again = await lockEmbeddedDatabase(folder);
    assert.notEqual(again, null);
  }));

Deno.test("The lock of a killed process is released", () =>
  inDataFolder(async (folder) => {
    const program = `
      import { lockEmbeddedDatabase } from "${new URL("../../src/host/data_folder.ts", import.meta.url)}";
      globalThis.held = await lockEmbeddedDatabase(Deno.args[0]);
      console.log(held !== null);
      setInterval(() => {}, 1_000);`;
    const holder = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--ext=js", "-", folder],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const input = holder.stdin.getWriter();
    await input.write(new TextEncoder().encode(program));
    await input.close();
    const output = holder.stdout.getReader();
    assert.equal(new TextDecoder().decode((await output.read()).value), "true\n");
    assert.equal(await lockEmbeddedDatabase(folder), null);
    assert.equal(await lastLockHolder(folder), holder.pid);

    holder.kill("SIGKILL");
    await holder.status;
    await output.cancel();

    using lock = await lockEmbeddedDatabase(folder);
    assert.notEqual(lock, null);
  }));

const RECORD = { address: "http://127.0.0.1:8080", pid: 17, started_at: "2026-11-23T18:00:00.000Z" };

Deno.test("The service's record is written, read and removed, and only its user can read it", () =>
  inDataFolder(async (folder) => {
    assert.equal(await readServiceRecord(folder), null);
    await writeServiceRecord(folder, RECORD);
    assert.deepEqual(await readServiceRecord(folder), RECORD);
    assert.equal(await modeOf(`${folder}/service.json`), 0o600);
    await removeServiceRecord(folder, RECORD);
    await removeServiceRecord(folder, RECORD);
    assert.equal(await readServiceRecord(folder), null);
  }));

Deno.test("A service does not remove the record of another one", () =>
  inDataFolder(async (folder) => {
    const other = { ...RECORD, pid: 18 };
    await writeServiceRecord(folder, other);
    await removeServiceRecord(folder, RECORD);
    assert.deepEqual(await readServiceRecord(folder), other);
  }));
