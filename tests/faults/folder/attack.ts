/**
 * Runs the service on a folder that it shares with an attacker (`attacker.ts`), while good uploads arrive. No file
 * outside the folder may be read or changed, and no good upload may be lost or applied twice. The service recovers
 * afterwards.
 */
import assert from "node:assert/strict";
import { chmod, chown, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../inbox/folder_tree.ts";
import { canMount } from "../../inbox/mounts.ts";
import { until } from "../../support/until.ts";
import type { Attack } from "./attacker.ts";
import { Canary, secretIsIn } from "./canary.ts";
import { FolderService } from "./service.ts";
import { survived } from "../verdict.ts";

/** The ids of the attacker and of a user who only uploads. */
export const MALLORY = 65_534, ALICE = 65_533;

export interface AttackOptions {
  kind: Attack["kind"];
  seconds: number;
  seed: number;
}

export async function surviveAttack({ kind, seconds, seed }: AttackOptions): Promise<void> {
  await using service = await FolderService.start({ inMemory: canMount() });
  const { upload, here, outside } = service;
  const canary = await Canary.plant(here.path("canary"));
  using hoard = await makeHoard(here.path("hoard"));
  if (kind === "owner") await chown(upload, MALLORY, MALLORY);
  await chmod(upload, kind === "owner" ? 0o777 : 0o1777);
  await service.dropGood("FIRST", { fails: true, uid: ALICE });
  await inBak(service, "FIRST");
  await run("bash", "-c", `cd "$0" && touch $'\\xff.csv' $'b\\xe9.csv'`, upload);

  let checks = 0, files = 0;
  const attacker = startAttacker({ kind, upload, canary: canary.root, hoard: hoard.root, uid: MALLORY, seed });
  await attacker.ready;
  try {
    for (const end = performance.now() + seconds * 1_000; performance.now() < end;) {
      for (let some = await goodWaiting(service); some < 3; some++) {
        await service.dropGood(`U${files}`, { fails: files % 2 === 0, uid: ALICE });
        files++;
      }
      await (kind === "owner" ? service.tryTurn() : service.turn());
      await service.status();
      if (kind === "guest") {
        await outside.atAnyInstant();
        checks += await canary.untouched();
      }
    }
  } finally {
    await writeFile(join(hoard.root, "stop"), "");
  }
  const tricks = await attacker.ended;
  assert.ok(tricks["a link to the secret"] > 0 && tricks["a roster"] > 0, "the attack continued while files arrived");
  await cleanUp(service);
  checks += kind === "guest" ? await nothingAchieved(service, canary) : await nobodyElseHarmed(service, canary);
  checks += await secretIsNowhere(service);
  await wellAgain(service);
  await service.stop();
  const injected = Object.entries(tricks).reduce((sum, [name, count]) => name.includes(": ") ? sum : sum + count, 0);
  survived({
    fault: `a hostile folder: ${kind} attacks for ${seconds} s while ${files} uploads arrive`,
    injected,
    checks,
  });
}

async function goodWaiting({ upload }: FolderService): Promise<number> {
  return (await readdir(upload)).filter((name) => name.startsWith("good-")).length;
}

/** Starts turns until a good upload is in `bak`. The service also starts turns on its own. */
async function inBak(service: FolderService, id: string): Promise<void> {
  await until(`${id} is in bak`, async () => {
    await service.turn();
    const names = await readdir(service.at("bak")).catch(() => []);
    return names.some((name) => name.startsWith(`good-${id}.`) && !name.includes(".failed"));
  });
}

/**
 * Checks that every good upload is in `bak` once, and that no file outside the folder has changed. Returns the number
 * of checks.
 */
async function nothingAchieved(service: FolderService, canary: Canary): Promise<number> {
  await until("every good upload is in bak", async () => {
    await service.turn();
    return await goodWaiting(service) === 0;
  });
  await service.outside.eachAsTold();
  return service.outside.checks + await canary.untouched();
}

/**
 * Checks the outcome of an attack by the owner, who can move the uploads and make rosterd create entries in another
 * folder. No file outside the folder may be read or changed, and no upload may be destroyed or applied twice.
 */
async function nobodyElseHarmed(service: FolderService, canary: Canary): Promise<number> {
  await service.dropGood("LAST", { fails: true, uid: ALICE });
  await inBak(service, "LAST");
  const { compared, added } = await canary.unharmed();
  console.log(`new entries that rosterd left outside for the owner: ${added.length}`);
  const checks = await service.outside.nothingDestroyed(service.here.folder);
  return compared + checks;
}

/**
 * Creates a folder that belongs to the attacker, with a pipe and a socket that the attacker links into the upload
 * folder.
 */
export async function makeHoard(root: string): Promise<{ root: string } & Disposable> {
  await mkdir(root);
  await mkdir(join(root, "work"));
  await run("mkfifo", join(root, "pipe"));
  const socket = Deno.listen({ transport: "unix", path: join(root, "socket") });
  for (const name of ["", ...await readdir(root)]) await chown(join(root, name), MALLORY, MALLORY);
  return { root, [Symbol.dispose]: () => socket.close() };
}

export function startAttacker(plan: Attack) {
  const script = fileURLToPath(import.meta.resolve("./attacker.ts"));
  const args = ["--clear-groups", Deno.execPath(), "run", "-A", "--no-check", "--quiet", script, JSON.stringify(plan)];
  const child = new Deno.Command("setpriv", { args, stdin: "null", stdout: "piped", stderr: "inherit" }).spawn();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const ended = (async () => {
    let text = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.startsWith("ready\n")) resolve();
    }
    const { success } = await child.status;
    assert.ok(success, "the attacker itself must not fail");
    return JSON.parse(text.slice("ready\n".length)) as Record<string, number>;
  })();
  return { ready: Promise.race([ready, ended.then(() => {})]), ended };
}

const PUT_ASIDE = /^\.(?:other|made-meanwhile)-/;

/** Cleans up like an admin: removes all entries except good uploads and rosterd's own folders. */
async function cleanUp({ upload }: FolderService): Promise<void> {
  for (const name of await readdir(upload)) {
    // Folders that the attacker moved may contain good uploads.
    if (name.startsWith("good-") || name === "bak" || name === ".rosterd" || PUT_ASIDE.test(name)) continue;
    await rm(join(upload, name), { recursive: true }).catch(() => {});
  }
  // Deno cannot remove entries whose names are not UTF-8, so `find` does.
  await run("find", upload, "-maxdepth", "1", "-name", "*.csv", "-not", "-name", "good-*", "-delete");
}

/** Checks every place where the secret could appear. Returns the number of places checked. */
async function secretIsNowhere(service: FolderService): Promise<number> {
  const { sql } = service.database;
  const texts: Record<string, string> = {
    users: JSON.stringify(await sql`select * from rosterd.users`),
    failures: JSON.stringify(await sql`select * from rosterd.import_failures`),
    imports: JSON.stringify(await sql`select * from rosterd.imports`),
    outbox: JSON.stringify(await sql`select * from rosterd.outbox`),
    status: JSON.stringify(await service.status()),
    log: service.log,
  };
  for (const [number, mail] of service.smtp.mails.entries()) {
    const attached = mail.attachments.map(({ content }) => new TextDecoder().decode(content)).join("\n");
    texts[`mail ${number}`] = `${mail.subject}\n${mail.text}\n${attached}`;
  }
  for (const entry of await readdir(service.at("bak"), { withFileTypes: true })) {
    if (entry.isFile()) texts[`bak/${entry.name}`] = await readFile(service.at("bak", entry.name), "utf8");
  }
  assert.deepEqual(secretIsIn(texts), [], "I7: the secret was not read");
  return Object.keys(texts).length;
}

/** The service must be ready, and the only entries left may be foreign ones in `.rosterd`, which the status reports. */
async function wellAgain(service: FolderService): Promise<void> {
  for (const { name, code } of (await service.status()).waiting) {
    assert.equal(code, "stray", name);
    await rm(service.at(name), { recursive: true });
  }
  await service.turn();
  const { ready, waiting } = await service.status();
  assert.deepEqual([ready, waiting, (await service.readiness()).http], [true, [], 200]);
}
