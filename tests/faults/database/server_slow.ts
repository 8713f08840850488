/**
 * Tests a server that stops at any moment of an import, has a full disk, is read-only, or grants too few connections or
 * rights.
 */
import assert from "node:assert/strict";
import { Cluster, runPlain } from "../../support/cluster.ts";
import { until } from "../../support/until.ts";
import { onCluster, stopsIn } from "./server.ts";
import { roster } from "./service.ts";
import { survived } from "../verdict.ts";

for (const moment of ["during COPY", "in a statement of the merge", "in COMMIT", "after COMMIT"] as const) {
  stopsIn(moment);
}

onCluster(
  "if the backend is terminated during the merge, the import is rolled back and retried",
  async ({ database, sql }) => {
    await sql.unsafe(`
    create function public.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(3); return null; end $$;
    create trigger dawdle after insert on rosterd.users for each statement execute function public.dawdle()`);
    const file = roster("ended", 5);
    await database.drop(file);
    await until("the merge", async () =>
      (await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'rosterd' and wait_event = 'PgSleep'`).length > 0);
    await database.unreachableBecause(/lost|stopping/);
    await sql.unsafe("drop function public.dawdle() cascade");
    await database.recovers(file);
    survived({ fault: "backend terminated during the merge", injected: 1, checks: database.outside.checks });
  },
);

onCluster("a read-only database is reported, and waiting files are imported once it is writable again", async (
  { database, sql },
) => {
  await sql.unsafe("alter system set default_transaction_read_only = on");
  await sql`select pg_reload_conf()`;
  const file = roster("readonly", 5);
  await database.drop(file);
  await database.unreachableBecause(/read-only/);
  assert.equal((await database.status()).database.state, "unreachable");
  await sql.unsafe("alter system reset default_transaction_read_only");
  await sql`select pg_reload_conf()`;
  await database.recovers(file);
  assert.equal(database.logged("database_away").length, 1);
  survived({ fault: "read-only database (25006)", injected: 1, checks: database.outside.checks });
});

onCluster(
  "a server without free connections is reported, and waiting files are imported once connections are free",
  async (
    { cluster, database, sql },
  ) => {
    const others = Array.from({ length: 45 }, () => cluster.connect("template1"));
    try {
      await database.service.stop();
      // The number includes the connections reserved for superusers, because rosterd is a superuser in this test.
      const taken = await Promise.allSettled(others.map((other) => other`select 1`));
      assert.ok(taken.some(({ status }) => status === "rejected"));
      await database.service.restart();
      const file = roster("crowded", 5);
      await database.drop(file);
      await database.unreachableBecause(/no free connections/);
      await Promise.all(others.map((other) => other.end({ timeout: 1 })));
      await database.recovers(file);
      survived({ fault: "no free connections (53300)", injected: 1, checks: database.outside.checks });
    } finally {
      await Promise.all(others.map((other) => other.end({ timeout: 0 })));
    }
    await sql`select 1`;
  },
);

onCluster(
  "a missing right is reported, doctor names it, and waiting files are imported after the grant",
  async ({ database, proxy, sql }) => {
    await sql.unsafe("revoke insert on rosterd.users from clerk");
    const file = roster("rights", 5);
    await database.drop(file);
    await database.unreachableBecause(/may not INSERT on rosterd\.users/);
    const doctor = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "main.ts", "doctor", "--json", "--upload", database.service.upload],
      env: { DATABASE_URL: proxy.url, NO_COLOR: "1" },
    }).output();
    const told = new TextDecoder().decode(doctor.stdout);
    assert.match(told, /cannot use INSERT on rosterd\.users/);
    assert.match(told, /grant insert on rosterd\.users to clerk/);
    await sql.unsafe("grant insert on rosterd.users to clerk");
    await database.recovers(file);
    assert.equal(database.logged("database_away").length, 1);
    survived({ fault: "missing right (42501)", injected: 1, checks: database.outside.checks });
  },
  () => ({
    user: "clerk",
    before: async (cluster: Cluster) => {
      await cluster.sql("create role clerk login; grant create, temporary on database postgres to clerk");
      const owner = cluster.url;
      const made = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "main.ts", "import", "/dev/null"],
        env: { DATABASE_URL: owner },
      }).output();
      assert.ok(made.code !== 78);
      await cluster.sql(`
        grant usage on schema rosterd to clerk; grant all on all tables in schema rosterd to clerk;
        grant all on all sequences in schema rosterd to clerk`);
    },
  }),
);

/** Mounts a 64 MB disk for temporary tables, which COPY then fills. */
async function smallDisk() {
  const folder = await Deno.makeTempDir({ prefix: "rosterd-disk-" });
  await runPlain("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder);
  return {
    folder,
    async [Symbol.asyncDispose]() {
      await runPlain("umount", "-l", folder);
      await Deno.remove(folder);
    },
  };
}

const mountable = Deno.uid() === 0 && await smallDisk().then((disk) => disk[Symbol.asyncDispose]()).then(
  () => null,
  (error) => `a tmpfs cannot be mounted: ${error.message}`,
);
let disk: Awaited<ReturnType<typeof smallDisk>> | null = null;

onCluster(
  "a disk that fills up during COPY is reported without a busy loop, and waiting files are imported once space is free",
  async ({ database, sql }) => {
    await runPlain("chown", "postgres:", disk!.folder);
    await sql.unsafe(`create tablespace small location '${disk!.folder}'`);
    await sql.unsafe("alter database postgres set temp_tablespaces = small");
    await sql.unsafe(`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rosterd'`);
    await database.ready();
    const filler = `${disk!.folder}/filler`;
    await Deno.writeFile(filler, new Uint8Array(60 << 20));
    const file = roster("full", 60_000);
    await database.drop(file);
    await database.unreachableBecause(/the server's disk is full/);
    const [{ tries }] = await sql<{ tries: number }[]>`select count(*) as tries from rosterd.imports`;
    assert.equal(tries, 1);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const told = database.logged("database_away").filter((line) => line.includes("is full"));
    assert.equal(told.length, 1, `one line, however often it is tried: ${told.join("")}`);
    await Deno.remove(filler);
    await database.recovers(file);
    await sql.unsafe("alter database postgres reset temp_tablespaces");
    survived({ fault: "disk full during COPY (53100)", injected: 1, checks: database.outside.checks });
  },
  async () => {
    disk = await smallDisk();
    return disk;
  },
  mountable === false ? "only root may mount a small disk" : mountable,
);
