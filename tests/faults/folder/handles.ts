/** Tests that the service works with few file handles and closes all of them. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { canMount } from "../../inbox/mounts.ts";
import { until } from "../../support/until.ts";
import { FolderService } from "./service.ts";
import { survived } from "../verdict.ts";

const AT_ONCE = 50;
/** The maximum number of sessions for the pool, the import and leadership together. */
const MOST_SESSIONS = 12;

/** Runs the service with at most 64 open files. Checks the handles and sessions after the imports. */
export async function importWithFewHandles(files: number): Promise<void> {
  await using service = await FolderService.start({
    inMemory: canMount(),
    wrapper: ["bash", "-c", 'ulimit -n 64; exec "$@"', "bash"],
  });
  assert.match(await Deno.readTextFile(`/proc/${service.pid}/limits`), /Max open files +64 +64 /);
  await importSome(service, 0, 10);
  const before = Math.max(...await Array.fromAsync({ length: 20 }, () => othersThanSessions(service)));
  for (let from = 10; from < files; from += AT_ONCE) await importSome(service, from, Math.min(files, from + AT_ONCE));
  await until(
    `not more handles than after ten imports (${before})`,
    async () => await othersThanSessions(service) <= before,
  );
  assert.ok(await sessions(service) <= MOST_SESSIONS, `${await sessions(service)} sessions`);
  await service.outside.inTheEnd();
  const warnings = service.log.match(/^.*"level":"(warn|error)","event":"(?!runs_as_root|private_files).*$/gm) ?? [];
  assert.deepEqual(warnings, [], "nothing was short of handles");
  await service.stop();
  console.log(`${before} handles other than sessions after 10 imports, and no more after ${files}`);
  survived({ fault: "ulimit -n 64: imports with few handles", injected: files, checks: service.outside.checks + 4 });
}

/** Every second file has a failed record, which results in a failed-records file and an email. */
async function importSome(service: FolderService, from: number, to: number): Promise<void> {
  for (let file = from; file < to; file++) await service.dropGood(`H${file}`, { fails: file % 2 === 0 });
  await until(`${to} are in bak`, async () => {
    await service.askForTurn();
    await service.status();
    const names = await readdir(service.at("bak")).catch(() => []);
    return names.filter((name) => !name.includes(".failed")).length === to;
  }, 60_000);
}

/**
 * The session pool grows to its maximum size, but the number of other handles must not grow. A session may close
 * between the two counts, so this function returns the highest of many counts.
 */
async function othersThanSessions(service: FolderService): Promise<number> {
  return await service.handles() - await sessions(service);
}

async function sessions({ database }: FolderService): Promise<number> {
  const [{ count }] = await database.sql<{ count: number }[]>`
    select count(*) as count from pg_stat_activity where application_name = 'rosterd' and datname = current_database()`;
  return count;
}
