/** Causes faults in a separate PostgreSQL server that the whole service uses. A proxy detects the right moment. */
import type postgres from "postgres";
import { Cluster, clusterIsMissing, type ClusterOptions } from "../../support/cluster.ts";
import { COMMIT, Proxy } from "../../support/proxy.ts";
import { until } from "../../support/until.ts";
import { FaultyDatabase, roster } from "./service.ts";
import { survived } from "../verdict.ts";

export interface Faulty {
  cluster: Cluster;
  proxy: Proxy;
  database: FaultyDatabase;
  /** A superuser's connection, which is reopened if it is lost. */
  sql: postgres.Sql<{ bigint: number }>;
}

export interface WorldOptions extends ClusterOptions {
  /** Runs before the service starts. */
  before?: (cluster: Cluster) => Promise<void>;
  /** The role that rosterd connects as. */
  user?: string;
}

const missing = clusterIsMissing();

export function onCluster(
  name: string,
  test: (faulty: Faulty) => Promise<void>,
  options: () => Promise<WorldOptions & AsyncDisposable> | WorldOptions = () => ({}),
  alsoMissing: string | null = null,
): void {
  const why = missing ?? alsoMissing;
  if (why !== null) console.error(`LEFT OUT: ${name}: ${why}`);
  Deno.test({
    name,
    ignore: why !== null,
    async fn() {
      await using resources = new AsyncDisposableStack();
      const { before, user, ...world } = await options();
      if (Symbol.asyncDispose in world) resources.use(world as AsyncDisposable);
      const cluster = resources.use(await Cluster.start(world));
      await before?.(cluster);
      const proxy = resources.use(Proxy.start(cluster.url.replace("postgres@", `${user ?? "postgres"}@`)));
      const sql = cluster.connect();
      resources.defer(() => sql.end({ timeout: 0 }));
      const database = resources.use(await FaultyDatabase.start(proxy.url, () => sql));
      await test({ cluster, proxy, database, sql });
    },
  });
}

/** The point that an import has reached when the server stops. */
export type Moment = "during COPY" | "in a statement of the merge" | "in COMMIT" | "after COMMIT";

/** Slows the server down so that the test can act at the right moment. */
const DAWDLE: Partial<Record<Moment, string>> = {
  "in a statement of the merge": "create trigger dawdle after insert on rosterd.users for each statement",
  "in COMMIT":
    "create constraint trigger dawdle after insert on rosterd.users deferrable initially deferred for each row",
};

/** Stops the server during an import, restarts it and checks the result. */
export function stopsIn(moment: Moment): void {
  onCluster(
    `if the server stops at once ${moment}, the import is applied or rolled back, and rosterd completes it`,
    async (
      { cluster, proxy, database, sql },
    ) => {
      const file = roster("stopped", moment === "during COPY" ? 20_000 : 5);
      const caught = catching(moment, { cluster, proxy, database, sql });
      const dawdle = DAWDLE[moment];
      if (dawdle !== undefined) {
        await sql.unsafe(`
        create function public.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(3); return null; end $$;
        ${dawdle} execute function public.dawdle()`);
      }
      await database.drop(file);
      await caught();
      await cluster.stop("immediate");
      proxy.forget();
      proxy.cutAll();
      await database.unreachableBecause(/lost|no server|stopping|in time/);
      await cluster.start();
      if (dawdle !== undefined) await sql.unsafe("drop function public.dawdle() cascade");

      await database.recovers(file);
      survived({ fault: `server stopped at once ${moment}`, injected: 1, checks: database.outside.checks });
    },
  );
}

function catching(moment: Moment, { proxy, sql }: Faulty): () => Promise<unknown> {
  const said = Promise.withResolvers<void>();
  if (moment === "during COPY") {
    proxy.when({
      says: "Main Street Main Street",
      once: true,
      act: (connection) => {
        connection.freeze(["to_server"]);
        said.resolve();
      },
    });
    return () => said.promise;
  }
  if (moment === "after COMMIT") {
    proxy.when({
      says: COMMIT,
      ahead: true,
      act: (connection) => connection.fromClient > 4_000 && connection.freeze(["to_client"]),
    });
    return () => until("COMMIT", async () => (await sql`select from rosterd.imports where status = 'done'`).length > 0);
  }
  return () =>
    until("the moment", async () =>
      (await sql`
        select from pg_stat_activity where application_name = 'rosterd' and wait_event = 'PgSleep'
          and (${moment} <> 'in COMMIT' or query = 'commit')`).length > 0);
}
